import { hex } from "../address.ts";
import type { Inventory } from "../inventory/types.ts";
import { reasonOf } from "../platform/reasons.ts";
import type { FitFinding } from "./finding.ts";
import { type LaidBar, type Layout, layOut } from "./layout.ts";
import type { Scenario, ScenarioGuest } from "./scenario.ts";
import { size } from "./words.ts";

/** Bits that the P2M and the IOMMU's tables translate with four levels. */
const TABLE_BITS = 48;

/** A BAR that has a place, with its title for sentences. */
interface Placed {
  readonly title: string;
  readonly laid: LaidBar;
  readonly start: number;
  readonly end: number;
}

/** BARs without a place, and places that cannot be. */
export function placeFindings(scenario: Scenario, inventory: Inventory, layout: Layout): readonly FitFinding[] {
  const findings: FitFinding[] = [];
  const placed: Placed[] = [];
  // Searched for once, and only where a BAR has no room.
  let room: FitFinding["set"] | undefined;
  for (const { device, bars } of layout.devices)
    for (const laid of bars) {
      const title = `${device.bdf} BAR ${laid.bar.index}`;
      const { guest, problem, bar } = laid;
      if (problem !== null && homeless(laid)) {
        room ??= roomFor(scenario, inventory);
        findings.push(noRoom(title, laid, room));
      } else if (problem !== null)
        findings.push({ code: "no-address", severity: "fault", says: `${title}: ${problem}`, set: null });
      else if (guest !== null && bar.size !== null) placed.push({ title, laid, start: guest, end: guest + bar.size });
    }
  for (const bar of placed) findings.push(...widthFindings(scenario, bar));
  if (scenario.guest.kind === "hvm") findings.push(...overlaps(placed, layout));
  return findings;
}

const homeless = ({ placed }: LaidBar): boolean => placed?.startsWith("no-space") ?? false;

function noRoom(title: string, { bar, placed, problem }: LaidBar, set: FitFinding["set"]): FitFinding {
  const hole = placed === "no-space-low" ? ", and the hole may not grow into RAM" : "";
  const cure = set === null ? "; no setting makes room for all: give the guest fewer devices" : "";
  return {
    code: "no-room",
    severity: "fault",
    says: `${title} (${size(bar.size ?? 0)}): ${problem ?? reasonOf("no-space-low").says}${hole}${cure}`,
    set,
  };
}

/** The smallest change of the guest's configuration with which every BAR finds a place. */
function roomFor(scenario: Scenario, inventory: Inventory): FitFinding["set"] {
  const { guest } = scenario;
  const fits = (change: Partial<ScenarioGuest>): boolean =>
    layOut({ ...scenario, guest: { ...guest, ...change, asObserved: false } }, inventory).devices.every(({ bars }) =>
      bars.every((bar) => !homeless(bar)),
    );
  for (let mib = 256; mib <= 3840; mib += 256)
    if (mib > (guest.mmioHoleMiB ?? 0) && fits({ mmioHoleMiB: mib }))
      return { where: "xl.cfg", line: `mmio_hole = ${mib}` };
  for (let bits = guest.physBits + 1; bits <= scenario.hostPhysBits; bits++)
    if (fits({ physBits: bits })) return widthLine(bits);
  return null;
}

const widthLine = (bits: number): FitFinding["set"] => ({
  where: "the guest's CPUID",
  line: `physical address width of at least ${bits} bits`,
});

function widthFindings({ guest, hostPhysBits, iommu }: Scenario, { title, laid, end }: Placed): readonly FitFinding[] {
  const findings: FitFinding[] = [];
  const ends = `${title} ends at ${hex(end - 1)}, beyond`;
  const bits = Math.ceil(Math.log2(end));
  if (end > 2 ** guest.physBits)
    findings.push({
      code: "beyond-guest-width",
      severity: "fault",
      says: `${ends} the guest's ${guest.physBits} physical address bits`,
      set: bits <= hostPhysBits ? widthLine(bits) : null,
    });
  if (end > 2 ** hostPhysBits)
    findings.push({
      code: "beyond-host-width",
      severity: "fault",
      says: `${ends} the processor's ${hostPhysBits} physical address bits: Xen enters it, but no access can reach it`,
      set: null,
    });
  if (iommu !== null && end > 2 ** TABLE_BITS)
    findings.push({
      code: "beyond-iommu-width",
      severity: "fault",
      says: `${ends} the ${TABLE_BITS} bits that the P2M and the IOMMU's tables translate`,
      set: null,
    });
  if (laid.placed === "given" && (end - (laid.bar.size ?? 0)) % (laid.bar.size ?? 1) !== 0)
    findings.push({
      code: "not-size-aligned",
      severity: "risk",
      says: `${title} at ${hex(end - (laid.bar.size ?? 0))} is no multiple of its size, ${size(laid.bar.size ?? 0)}: no BAR register can hold that, so this is a what-if`,
      set: null,
    });
  return findings;
}

/** BARs that lie over RAM or over each other: possible where an address is given or was observed. */
function overlaps(placed: readonly Placed[], { ram }: Layout): readonly FitFinding[] {
  const overlap = (says: string): FitFinding => ({ code: "overlap", severity: "fault", says, set: null });
  const findings: FitFinding[] = [];
  for (const { title, laid, start, end } of placed) {
    const inRam =
      ram && (start < ram.lowRamEnd || (ram.highRamEnd !== null && start < ram.highRamEnd && end > 2 ** 32));
    if (inRam)
      findings.push(
        overlap(
          `${title} at ${hex(start)} lies over the guest's RAM${laid.placed === "observed" ? ": the guest in the log had other memory settings" : ""}`,
        ),
      );
  }
  const sorted = [...placed].sort((a, b) => a.start - b.start);
  let widest = sorted[0];
  for (const bar of sorted.slice(1)) {
    if (widest && bar.start < widest.end)
      findings.push(overlap(`${widest.title} and ${bar.title} overlap at ${hex(bar.start)}`));
    if (!widest || bar.end > widest.end) widest = bar;
  }
  return findings;
}
