import type { Gfn } from "../address.ts";
import { createDomain } from "../xen/create.ts";
import { assignDevice } from "../xen/devices.ts";
import type { Domain, IommuMode } from "../xen/domain.ts";
import { iomemPermission } from "../xen/domctl.ts";
import { copyLedger, type Ledger, scaleLedger, subtractLedgers } from "../xen/ledger.ts";
import { libraryMemoryMapping } from "../xen/libxc.ts";
import { populate } from "../xen/ram.ts";
import type { Scenario } from "./scenario.ts";
import { domainSpec, machineOf } from "./simulate.ts";

/** What a call in the middle of a long mapping costs, on the average, by what it enters; null where it never does. */
export interface CallLedgers {
  readonly "64x4k": Ledger;
  readonly "64x2m": Ledger | null;
  readonly iommu: IommuMode;
}

/** Calls that are averaged: whole 2 MiB tables of 4 KiB entries, whole GiBs of 2 MiB ones. */
const CALLS = 128;
const LARGE_PAGES = CALLS * 64 * 512;
const SMALL_PAGES = CALLS * 64;
/** Far from RAM, aligned to every entry size, and within 36 bits of address. */
const SOMEWHERE = 2 ** 22;

/**
 * Map large ranges on the model of a scenario, a new domain for each. Returns a sentence where the scenario's guest has
 * no mapping calls, or the model refuses them.
 */
export function callLedgers(scenario: Scenario): CallLedgers | string {
  if (scenario.guest.kind !== "hvm") return "only HVM guests' mappings are calls that a log shows: give --guest hvm";
  const aligned = oneKind(scenario, SOMEWHERE, LARGE_PAGES);
  if (typeof aligned === "string") return aligned;
  const small = aligned.large
    ? oneKind(scenario, SOMEWHERE + 1, SMALL_PAGES)
    : oneKind(scenario, SOMEWHERE, SMALL_PAGES);
  if (typeof small === "string") return small;
  return { "64x4k": small.ledger, "64x2m": aligned.large ? aligned.ledger : null, iommu: small.iommu };
}

interface OneKind {
  readonly ledger: Ledger;
  readonly large: boolean;
  readonly iommu: IommuMode;
}

function oneKind(scenario: Scenario, mfn: number, pages: number): OneKind | string {
  const domain = guestOf(scenario);
  const gfn = SOMEWHERE;
  if (iomemPermission(domain, mfn, pages, true) !== 0) return "the model's dom0 may not map the range";
  domain.decisions.length = 0;
  const before = copyLedger(domain.ledger);
  const { result, hypercalls } = libraryMemoryMapping(domain, gfn, mfn, pages, true);
  if (result !== 0) return `the model cannot map ${pages} pages in this scenario (${result})`;
  const ledger = { ...subtractLedgers(domain.ledger, before), infoCalls: 0 };
  const large = domain.decisions.every(({ order }) => order > 0);
  return { ledger: scaleLedger(ledger, 1 / hypercalls), large, iommu: domain.iommuMode };
}

/** A running guest with a device and some RAM, as it is when a BAR is mapped. */
function guestOf(scenario: Scenario): Domain {
  const domain = createDomain(machineOf(scenario), domainSpec(scenario));
  populate(domain, 0 as Gfn, 9, 2, null);
  if (scenario.guest.passthrough !== "disabled") assignDevice(domain, "0000:00:01.0");
  domain.started = true;
  return domain;
}
