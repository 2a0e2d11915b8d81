import { newTable } from "../radix/edit.ts";
import { store } from "../radix/entries.ts";
import { ERRNO } from "./constants.ts";
import { makeContext } from "./context.ts";
import { giveUpDevices } from "./devices.ts";
import { type Domain, type DomainSpec, makeDomain } from "./domain.ts";
import type { Machine } from "./machine.ts";
import { backendOf } from "./p2m/backends.ts";

/** Create a domain; its IOMMU context comes with it from 4.13 on, and with the first device before (7.2). */
export function createDomain(machine: Machine, spec: DomainSpec = {}): Domain {
  const domain = makeDomain(machine, spec);
  if (!machine.release.startsWithRootOnly && domain.kind !== "pv") buildTablesAtZero(domain);
  if (machine.release.iommuFixedAtCreation && (spec.iommu ?? "default") !== "none") makeContext(domain);
  return domain;
}

/** Up to 4.13 every P2M starts with a PDPT, PD and PT for gfn 0, all empty (3.4); `makeDomain` has counted them. */
function buildTablesAtZero(domain: Domain): void {
  const { p2m } = domain;
  let parent = p2m.root;
  for (let level = p2m.levels - 1; level >= 1; level--) {
    const table = newTable(p2m);
    const to = backendOf(domain).pointer(domain, table, level);
    store(p2m.memory.words(parent), 0, to.lo, to.hi);
    parent = table;
  }
}

/** Destroy a domain: later requests find none. Of what it had, the model follows the devices and what a hoarder took. */
export function destroyDomain(domain: Domain): number {
  if (domain.destroyed) return ERRNO.ESRCH;
  domain.destroyed = true;
  giveUpDevices(domain);
  domain.machine.iommuPages += domain.hoard;
  return 0;
}
