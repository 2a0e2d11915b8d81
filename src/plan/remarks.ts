import { type PlatformCode, type Remark, reasonOf } from "../platform/reasons.ts";
import { usesIommu } from "../xen/domain.ts";
import { unverifiedFor } from "../xen/unverified.ts";
import type { Carried } from "./carry-out.ts";
import type { PlanRemark } from "./document.ts";
import type { Layout } from "./layout.ts";
import type { Scenario } from "./scenario.ts";
import type { Simulation } from "./simulate.ts";
import { listed, plural, thousands } from "./words.ts";

const isReason = (placed: string | null): placed is PlatformCode =>
  placed !== null && placed !== "given" && placed !== "observed" && placed !== "identity";

/** A layout's remarks, confirmed or not, each with the places that it holds for. */
function gathered(layout: Layout, unverified: boolean): readonly PlanRemark[] {
  const found = new Map<string, { code: PlatformCode; says: string; wheres: string[] }>();
  const add = ({ code, says }: Remark, where: string): void => {
    const key = `${code}\n${says}`;
    const entry = found.get(key) ?? { code, says, wheres: [] };
    if (where !== "") entry.wheres.push(where);
    found.set(key, entry);
  };
  const wanted = (remark: Remark): boolean => (remark.unverified === true) === unverified;
  for (const remark of layout.remarks.filter(wanted)) {
    // "WHERE: sentence of the reason": alike but for the place.
    const { says } = reasonOf(remark.code);
    const place = remark.says.endsWith(`: ${says}`) ? remark.says.slice(0, -says.length - 2) : "";
    add(place === "" ? remark : { ...remark, says }, place);
  }
  for (const { device, bars } of layout.devices)
    for (const { bar, remarks } of bars)
      for (const remark of remarks.filter(wanted)) add(remark, `${device.bdf} BAR ${bar.index}`);
  return [...found.values()].map(({ code, says, wheres }) => ({
    code,
    says: wheres.length === 0 ? says : `${listed(wheres, 2)}: ${says}`,
  }));
}

/** What the platform did that is worth a word. What happened to the low hole is, where it left a BAR without a place. */
export function platformRemarks(layout: Layout): readonly PlanRemark[] {
  const quiet: ReadonlySet<string> = new Set(["hole-limited-by-ram", "hole-given", "hole-grown", "ram-default-hole"]);
  return gathered(layout, false)
    .filter(({ code }) => !quiet.has(code))
    .map(({ code, says }) => ({ code, says: says.replace(/^(0x[0-9a-f]+): (.*)$/, "low hole from $1: $2") }));
}

/** What this release does to these devices that no reason for an order tells: hidden costs and memory types. */
export function remarksFor(scenario: Scenario, simulation: Simulation): readonly PlanRemark[] {
  const remarks: PlanRemark[] = [];
  const { ledger, domain, machine } = simulation;
  const { release, cpu } = scenario;
  if (scenario.guest.kind === "pv") {
    remarks.push({
      code: "pv-maps-itself",
      says: "A PV guest has no P2M: it maps machine frames in its own page tables, checked against its iomem permission, and nothing is entered anywhere else.",
    });
    return remarks;
  }
  if (ledger.cacheFlushes > 0)
    remarks.push({
      code: "cache-flush-each-call",
      says: `Up to Xen 4.16 each mapping hypercall makes every processor write back and invalidate its caches: ${plural(ledger.cacheFlushes, "round")} on ${plural(machine.cpus, "CPU")} for one mapping. 4.17 ended that.`,
    });
  if (ledger.specialPageTests > 0 && release.emtIgnoresMfnValid)
    remarks.push({
      code: "special-page-scan",
      says: `From 4.17.5, 4.18.3 and 4.19 on, EPT mapping tests each 4 KiB frame for being a special page, in 2 MiB blocks too: ${thousands(ledger.specialPageTests)} tests here, about seven times the instructions of 4.12 where entries are 2 MiB.`,
    });
  const strict = release.emtSpecialPagesBeforeMmio && !release.emtIgnoresMfnValid;
  const combinable = cpu === "intel" && domain.hap && strict ? prefetchableAboveRam(simulation) : [];
  if (combinable.length > 0)
    remarks.push({
      code: "no-write-combining",
      says: `Xen ${release.name} forces BARs above the host's RAM to be strictly uncached (UC with IPAT), so the guest cannot write-combine ${listed(combinable, 2)}; 4.17.5, 4.18.3 and 4.19 allow it again.`,
    });
  if (usesIommu(domain) && domain.iommuMode === "sync" && !release.iommuMapsMmio)
    remarks.push({
      code: "no-peer-to-peer",
      says: "Up to Xen 4.8 direct MMIO is not entered into IOMMU tables of their own: devices cannot reach each other's BARs.",
    });
  if (
    domain.iommuMode === "sync" &&
    release.iommuRequests &&
    !release.iommuSuperpages &&
    simulation.p2mLeaves["2m"] > 0
  )
    remarks.push({
      code: "iommu-4k-only",
      says: "From 4.12 to 4.16 the IOMMU's own tables are filled with 4 KiB entries only: 512 for each 2 MiB entry of the P2M. 4.17 uses superpages there too.",
    });
  return remarks;
}

/** Prefetchable BARs that are mapped and lie above 4 GiB: below, whether a frame counts as RAM's is not known. */
const prefetchableAboveRam = ({ devices }: Simulation): readonly string[] =>
  devices.flatMap(({ laid, bars }) =>
    bars
      .filter(({ laid: { bar }, pieces }) => bar.prefetchable && pieces.length > 0 && (bar.address ?? 0) >= 2 ** 32)
      .map(({ laid: { bar } }) => `${laid.device.bdf} BAR ${bar.index}`),
  );

/** Statements behind this plan that are not confirmed: the platform's, and the model's own. */
export function unverifiedIn({ layout, simulation }: Carried): readonly PlanRemark[] {
  const found = new Map<string, string>();
  for (const { code, says } of gathered(layout, true)) found.set(`${code}\n${says}`, says);
  const reason = (code: PlatformCode): void => {
    if (reasonOf(code).unverified) found.set(`${code}\n`, reasonOf(code).says);
  };
  for (const { bars } of layout.devices) for (const { placed } of bars) if (isReason(placed)) reason(placed);
  for (const { boot } of simulation.devices) for (const step of boot.steps) reason(step.because);
  for (const { code, says } of unverifiedFor(simulation.domain))
    if (bears(code, simulation)) found.set(`${code}\n`, says);
  return [...found].map(([key, says]) => ({ code: key.split("\n")[0]!, says }));
}

/** Whether an unconfirmed statement on a domain bears on a plan: no device is taken away, and RAM only under a BAR. */
const bears = (code: string, { boot }: Simulation): boolean =>
  code !== "left-behind" && (code !== "taking-ram-away" || boot.m2pUpdates > 0);
