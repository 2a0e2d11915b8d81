import type { Gfn, Mfn } from "../../src/address.ts";
import { compareTrees } from "../../src/inspect/compare.ts";
import { type Tree, translate } from "../../src/radix/tree.ts";
import { createDomain } from "../../src/xen/create.ts";
import { assignDevice } from "../../src/xen/devices.ts";
import type { Domain, DomainSpec } from "../../src/xen/domain.ts";
import { iomemPermission } from "../../src/xen/domctl.ts";
import { copyLedger, type Ledger, subtractLedgers } from "../../src/xen/ledger.ts";
import { type LibraryResult, libraryMemoryMapping } from "../../src/xen/libxc.ts";
import { type Machine, type MachineSpec, makeMachine } from "../../src/xen/machine.ts";
import { populate } from "../../src/xen/ram.ts";

export const GIB = 0x40000;
export const g = (n: number): Gfn => n as Gfn;
export const m = (n: number): Mfn => n as Mfn;

export interface Guest {
  readonly machine: Machine;
  readonly domain: Domain;
}

/** A domain, created; by default with a generous pool. */
export function makeGuest(machineSpec: MachineSpec, domainSpec: DomainSpec = {}): Guest {
  const machine = makeMachine(machineSpec);
  return { machine, domain: createDomain(machine, { poolPages: 1 << 20, ...domainSpec }) };
}

/** Every machine frame below the width may be mapped: what the toolstack grants before it maps a BAR. */
export function grant(domain: Domain, mfn: number, pages: number): void {
  const rc = iomemPermission(domain, mfn, pages, true);
  if (rc !== 0) throw new Error(`grant failed: ${rc}`);
}

/**
 * A guest as the worked examples have it: running, with a device, and with RAM below and above 4 GiB, so that the upper
 * tables of the first 512 GiB exist already.
 */
export function runningGuest(machineSpec: MachineSpec, domainSpec: DomainSpec = {}): Guest {
  const guest = makeGuest(machineSpec, { started: true, mtrrsSet: true, ...domainSpec });
  const { domain } = guest;
  populate(domain, g(0), 9, 2, m(0x20000));
  populate(domain, g(0x100000), 9, 1, m(0x20400));
  if (guest.machine.iommu) {
    const rc = assignDevice(domain, "0000:03:00.0");
    if (rc !== 0) throw new Error(`assign failed: ${rc}`);
  }
  return guest;
}

/** What was booked while `work` ran. */
export function booked<T>(domain: Domain, work: () => T): { readonly ledger: Ledger; readonly value: T } {
  const before = copyLedger(domain.ledger);
  const value = work();
  return { ledger: subtractLedgers(domain.ledger, before), value };
}

export const mapped = (domain: Domain, gfn: number, mfn: number, pages: number) =>
  booked(domain, (): LibraryResult => libraryMemoryMapping(domain, gfn, mfn, pages, true));
export const unmapped = (domain: Domain, gfn: number, mfn: number, pages: number) =>
  booked(domain, (): LibraryResult => libraryMemoryMapping(domain, gfn, mfn, pages, false));

/** The raw leaf that maps a frame, as 16 digits; undefined for none. */
export function rawAt(tree: Tree, frame: number): string | undefined {
  const found = translate(tree, frame);
  return found ? hex16(found.lo, found.hi) : undefined;
}
export const hex16 = (lo: number, hi: number): string =>
  (hi >>> 0).toString(16).padStart(8, "0") + (lo >>> 0).toString(16).padStart(8, "0");

/** Raw entry values minus the address: the `XXXX + F` of the specification's tables. */
export const flagsOf = (raw: string | undefined, frame: number): string | undefined =>
  raw === undefined ? undefined : (BigInt(`0x${raw}`) - BigInt(frame) * 4096n).toString(16).padStart(16, "0");

export const treesEqual = (a: Tree | null, b: Tree | null): readonly unknown[] => {
  if (a === null || b === null) return a === b ? [] : ["one side has no tables"];
  return compareTrees(a, b, { limit: 5 }).differences;
};
