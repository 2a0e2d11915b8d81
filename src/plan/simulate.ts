import type { Gfn, Mfn } from "../address.ts";
import { type BootMaps, bootMaps } from "../platform/boot.ts";
import { count } from "../radix/runs.ts";
import { ACCESS_RWX } from "../xen/constants.ts";
import { assignDevice, createDomain } from "../xen/create.ts";
import type { Decision, Domain, DomainSpec } from "../xen/domain.ts";
import { iomemPermission } from "../xen/domctl.ts";
import { addLedgers, copyLedger, type Ledger, newLedger, scaleLedger, subtractLedgers } from "../xen/ledger.ts";
import { type LibraryResult, libraryMemoryMapping } from "../xen/libxc.ts";
import { type Machine, makeMachine } from "../xen/machine.ts";
import { mapMmioRegions, unmapMmioRegions } from "../xen/map-mmio.ts";
import { populate } from "../xen/ram.ts";
import type { LaidBar, LaidDevice, LaidPiece, Layout } from "./layout.ts";
import type { Scenario } from "./scenario.ts";

/** How one piece was mapped: the stretches of like decisions, and what the library call returned. */
export interface MappedPiece {
  readonly piece: LaidPiece;
  readonly decisions: readonly Decision[];
  readonly outcome: LibraryResult;
}

export interface MappedBar {
  readonly laid: LaidBar;
  readonly pieces: readonly MappedPiece[];
}

export interface MappedDevice {
  readonly laid: LaidDevice;
  readonly bars: readonly MappedBar[];
  readonly boot: BootMaps;
}

export interface Counts {
  readonly "4k": number;
  readonly "2m": number;
  readonly "1g": number;
}

/** A scenario carried out: the model as it stands afterwards, and what it cost. */
export interface Simulation {
  readonly machine: Machine;
  readonly domain: Domain;
  readonly devices: readonly MappedDevice[];
  /** Mapping the selected devices' BARs once. */
  readonly ledger: Ledger;
  /** All mappings and removals of one boot, the first included. */
  readonly boot: Ledger;
  readonly p2mLeaves: Counts;
  /** null where there are no IOMMU tables of their own. */
  readonly iommuLeaves: Counts | null;
}

export function machineOf(scenario: Scenario): Machine {
  return makeMachine({
    xen: scenario.release,
    cpu: scenario.cpu,
    physBits: scenario.hostPhysBits,
    cpus: scenario.cpus,
    options: scenario.options,
    has2m: scenario.has2m,
    has1g: scenario.has1g,
    hapPresent: scenario.hapPresent,
    execSuperpagesAffected: scenario.execSuperpagesAffected,
    iommu: scenario.iommu,
    mmioRo: readOnlyFrames(scenario),
    mmio1g: scenario.mmio1g,
  });
}

/** Table and PBA pages of the devices: read-only since dom0's back end prepared MSI-X (xen-mapping.md 8.6). */
function readOnlyFrames({ devices }: Scenario): { start: number; end: number }[] {
  return devices.flatMap(({ msix, bars }) =>
    msix === null
      ? []
      : [
          { at: msix.table, bytes: 16 * msix.vectors },
          { at: msix.pba, bytes: 8 * Math.ceil(msix.vectors / 64) },
        ].flatMap(({ at, bytes }) => {
          const bar = at && bars.find(({ index, kind }) => index === at.bar && kind === "memory");
          if (!at || !bar || bar.address === null) return [];
          const first = bar.address + at.offset;
          return [{ start: Math.floor(first / 4096), end: Math.floor((first + bytes - 1) / 4096) + 1 }];
        }),
  );
}

function domainSpec({ guest }: Scenario): DomainSpec {
  const wanted = { disabled: "none", enabled: "default", share_pt: "share_pt", sync_pt: "sync_pt" } as const;
  return {
    id: guest.kind === "pvh" ? 0 : 1,
    guest: guest.kind,
    hap: guest.hap,
    iommu: guest.kind === "pvh" ? "default" : wanted[guest.passthrough],
    hardwareDomain: guest.kind === "pvh",
    vcpus: guest.vcpus,
    poolPages: Number.POSITIVE_INFINITY,
    mtrrsSet: true,
  };
}

const GIB_PAGES = 2 ** 18;
const TIB_HALF = 2 ** 27;

/**
 * The guest's RAM as far as it shares tables with BARs: the first page, every part of a GiB that is not whole, and one
 * whole GiB in each 512 GiB. More would change no count of the BARs'.
 */
function enterRam(domain: Domain, ranges: readonly { readonly start: number; readonly end: number }[]): void {
  for (const { start, end } of ranges) {
    let whole = -1;
    for (let at = start; at < end; ) {
      const next = Math.min(end, Math.floor(at / GIB_PAGES + 1) * GIB_PAGES);
      if (at % GIB_PAGES === 0 && next - at === GIB_PAGES) {
        const region = Math.floor(at / TIB_HALF);
        if (region !== whole) populate(domain, at as Gfn, 18, 1, null);
        whole = region;
        // Whole regions need no visit of each GiB.
        const stop = Math.min(Math.floor(end / GIB_PAGES) * GIB_PAGES, (region + 1) * TIB_HALF);
        at = Math.max(next, stop);
        continue;
      }
      for (let page = at; page < next; ) {
        const order = page % 512 === 0 && next - page >= 512 ? 9 : 0;
        populate(domain, page as Gfn, order, 1, null);
        page += 2 ** order;
      }
      at = next;
    }
  }
}

export interface SimulateOptions {
  /**
   * Paging-pool pages that are left for the BARs' tables (what creation and RAM take is left out of the model's pool).
   * Default unlimited.
   */
  readonly barTables?: number | undefined;
  /** Carry out what a boot repeats. Default true. */
  readonly boot?: boolean | undefined;
}

/** Carry a scenario out on the model. */
export function simulate(scenario: Scenario, layout: Layout, options: SimulateOptions = {}): Simulation {
  const machine = machineOf(scenario);
  const domain = createDomain(machine, domainSpec(scenario));
  const pages = (bytes: number): number => Math.floor(bytes / 4096);
  if (layout.ram) {
    const { lowRamEnd, highRamEnd } = layout.ram;
    populate(domain, 0 as Gfn, 0, 1, null);
    enterRam(domain, [
      { start: 512, end: pages(lowRamEnd) },
      ...(highRamEnd === null ? [] : [{ start: pages(4 * 2 ** 30), end: pages(highRamEnd) }]),
    ]);
  }
  const isDom0 = scenario.guest.kind === "pvh";
  if (isDom0) domain.permissions.frames = machine.callerPermissions;
  for (const { start, end } of layout.devices.flatMap(({ bars }) => bars.flatMap(framesOf)))
    if (!isDom0) iomemPermission(domain, start, end - start, true);
  // The toolstack maps iomem= ranges before it attaches devices (1.2, consequences).
  for (const range of scenario.guest.iomem) {
    iomemPermission(domain, range.mfn, range.pages, true);
    libraryMemoryMapping(domain, range.gfn, range.mfn, range.pages, true);
  }
  if (scenario.guest.passthrough !== "disabled")
    for (const { device } of layout.devices) assignDevice(domain, device.bdf);
  domain.started = true;
  domain.decisions.length = 0;
  domain.pool.pages = domain.pool.used + (options.barTables ?? Number.POSITIVE_INFINITY);

  const perDevice = layout.devices.map((laid) => mapDevice(scenario, domain, laid));
  const ledger = perDevice.map((d) => d.ledger).reduce(addLedgers, newLedger());
  // Counted before anything is repeated: the tables as one mapping leaves them.
  const p2mLeaves = byOrder(
    perDevice.flatMap((d) => d.mapped.bars.flatMap((bar) => bar.pieces.flatMap((p) => p.decisions))),
  );
  const iommuLeaves = domain.iommu ? iommuCounts(domain, layout) : null;
  let boot = ledger;
  for (const { mapped, ledger: once } of options.boot === false ? [] : perDevice)
    boot = addLedgers(boot, repeats(scenario, domain, mapped, once));
  return { machine, domain, devices: perDevice.map((d) => d.mapped), ledger, boot, p2mLeaves, iommuLeaves };
}

/** Machine frames of a BAR whose permission the toolstack grants. */
function framesOf({ bar, problem }: LaidBar): { start: number; end: number }[] {
  if (problem !== null || bar.address === null || bar.size === null) return [];
  return [{ start: Math.floor(bar.address / 4096), end: Math.ceil((bar.address + bar.size) / 4096) }];
}

/** Map a device's pieces once, in the device model's way or, for dom0, in vPCI's: the loop itself, no hypercall. */
function mapDevice(scenario: Scenario, domain: Domain, laid: LaidDevice): { mapped: MappedDevice; ledger: Ledger } {
  const before = copyLedger(domain.ledger);
  const bars = laid.bars.map(
    (bar): MappedBar => ({
      laid: bar,
      pieces: bar.pieces.map((piece) => {
        const outcome = move(scenario, domain, piece, true);
        return { piece, decisions: domain.decisions.splice(0), outcome };
      }),
    }),
  );
  const boot =
    scenario.guest.kind === "hvm"
      ? bootMaps({
          release: scenario.release,
          guestKernel: scenario.guest.kernel,
          device: {
            bars: laid.device.bars
              .filter((bar) => bar.kind !== "rom")
              .map((bar) => ({
                index: bar.index,
                kind: bar.kind === "io" ? "io" : "memory",
                size: bar.size ?? 0,
                width: bar.width,
                prefetchable: bar.prefetchable,
              })),
            rom: laid.device.bars.find((bar) => bar.kind === "rom")?.size ?? null,
          },
        })
      : { adds: 1, deletes: 0, steps: [] };
  return { mapped: { laid, bars, boot }, ledger: subtractLedgers(domain.ledger, before) };
}

/** Map or unmap one piece. */
function move(scenario: Scenario, domain: Domain, { gfn, mfn, pages }: LaidPiece, add: boolean): LibraryResult {
  if (scenario.guest.kind !== "pvh") return libraryMemoryMapping(domain, gfn, mfn, pages, add);
  let done = 0;
  let last = 0;
  let first: number | null = null;
  while (done < pages) {
    const at = (gfn + done) as Gfn;
    const to = (mfn + done) as Mfn;
    last = add
      ? mapMmioRegions(domain, at, pages - done, to, ACCESS_RWX)
      : unmapMmioRegions(domain, at, pages - done, to);
    first ??= last;
    if (last < 0) break;
    done += last === 0 ? pages - done : last;
  }
  return { result: Math.min(last, 0), pagesDone: done, hypercalls: 0, firstReturn: first, lastReturn: last };
}

/**
 * What the rest of a boot costs: removals and mappings after the first. The first repetition is carried out, since the
 * tables that are there by then may change orders; those after it cost the same.
 */
function repeats(scenario: Scenario, domain: Domain, { laid, boot, bars }: MappedDevice, once: Ledger): Ledger {
  const rounds = boot.deletes;
  const failed = bars.some((bar) => bar.pieces.some((piece) => piece.outcome.result < 0));
  if (rounds === 0 || failed) return newLedger();
  const before = copyLedger(domain.ledger);
  for (const add of [false, true])
    for (const bar of laid.bars) for (const piece of bar.pieces) move(scenario, domain, piece, add);
  domain.decisions.length = 0;
  const round = subtractLedgers(domain.ledger, before);
  const extraAdds = boot.adds - 1 - rounds;
  return addLedgers(scaleLedger(round, rounds), scaleLedger(once, extraAdds));
}

function byOrder(decisions: readonly Decision[]): Counts {
  const of = (order: number): number =>
    decisions.filter((d) => d.order === order).reduce((sum, d) => sum + d.pages / 2 ** order, 0);
  return { "4k": of(0), "2m": of(9), "1g": of(18) };
}

/** Leaves of the IOMMU's tables that map the devices' pieces. */
function iommuCounts(domain: Domain, layout: Layout): Counts {
  const total = { "4k": 0, "2m": 0, "1g": 0 };
  const names: Readonly<Record<number, keyof Counts>> = { 0: "4k", 9: "2m", 18: "1g" };
  const tree = domain.iommu!.tree;
  for (const { bars } of layout.devices)
    for (const { pieces } of bars)
      for (const { gfn, pages } of pieces)
        for (const [order, leaves] of count(tree, { from: gfn, to: gfn + pages }).leaves) {
          const name = names[order];
          if (name) total[name] += leaves;
        }
  return total;
}
