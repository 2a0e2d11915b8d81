import { hex } from "../address.ts";
import type { Inventory } from "../inventory/types.ts";
import type { Ledger, LedgerKind } from "../xen/ledger.ts";
import { MAIN_RELEASES } from "../xen/release.ts";
import { type Layout, layOut } from "./layout.ts";
import { resolveScenario, type Scenario, type ScenarioKeys } from "./scenario.ts";
import { type Simulation, simulate } from "./simulate.ts";
import { type Calibration, type TimeRange, timeOf } from "./time.ts";

/** One thing that the user could change, and what it would save. */
export interface Advice {
  /** Scenario keys to set; the same that `--with` takes. */
  readonly change: Readonly<Record<string, string>>;
  readonly says: string;
  /** The exact line to write, and where. */
  readonly write: { readonly where: string; readonly line: string };
  /** Counts saved in mapping once, by kind (only kinds that shrink), and seconds of a boot. */
  readonly saves: Readonly<Partial<Record<LedgerKind, number>>> & {
    readonly seconds: readonly [low: number, likely: number, high: number];
  };
}

/** A switch to try. */
interface Candidate {
  readonly keys: ScenarioKeys;
  readonly change: Readonly<Record<string, string>>;
  readonly says: string;
  readonly write: Advice["write"];
}

/** Kinds that are worth a user's while to save; bookkeeping of the model is not among them. */
const WORTH: readonly LedgerKind[] = [
  "hypercalls",
  "iterations",
  "p2mEntries",
  "p2mTables",
  "iommuEntries",
  "iommuTables",
  "iotlbFlushes",
  "iotlbCommands",
  "iotlbDomainCommands",
  "tlbFlushes",
  "cacheFlushes",
  "specialPageTests",
  "markLeafStores",
];

/** A command line with one comma part of an option put right, and the contradicting spellings removed. */
function withOption(cmdline: string, option: string, drop: readonly string[], add: string | null): string {
  let done = add === null;
  const words = cmdline
    .split(/\s+/)
    .filter(Boolean)
    .flatMap((word) => {
      if (!word.startsWith(`${option}=`)) return [word];
      const parts = word
        .slice(option.length + 1)
        .split(",")
        .filter((part) => !drop.includes(part));
      if (!done) {
        parts.push(add!);
        done = true;
      }
      return parts.length > 0 ? [`${option}=${parts.join(",")}`] : [];
    });
  if (!done) words.push(`${option}=${add}`);
  return words.join(" ");
}

/** A command line without one boolean option. */
const without = (cmdline: string, option: string): string =>
  cmdline
    .split(/\s+/)
    .filter((word) => word !== "" && word !== `no-${option}` && word !== option && !word.startsWith(`${option}=`))
    .join(" ");

/** Every switch that the user could turn in this scenario. */
function candidates(scenario: Scenario, layout: Layout): readonly Candidate[] {
  const list: Candidate[] = [];
  const { guest, options, cmdline } = scenario;
  const bootLine = (line: string, says: string): void => {
    list.push({
      keys: { cmdline: line },
      change: { cmdline: line },
      says,
      write: { where: "Xen command line", line: line === "" ? "(no options)" : line },
    });
  };
  for (const name of releasesToTry(scenario))
    list.push({
      keys: { xen: name },
      change: { xen: name },
      says: `run Xen ${name} or later`,
      write: { where: "the host", line: `Xen ${name}` },
    });
  if (!options.sharept && scenario.cpu === "intel")
    bootLine(
      withOption(cmdline, "iommu", ["no-sharept", "sharept=0", "sharept=no", "sharept=off", "sharept=false"], null),
      "let the IOMMU share the P2M's tables",
    );
  if (!options.hap2mb) bootLine(without(cmdline, "hap_2mb"), "allow 2 MiB P2M entries");
  if (!options.hap) bootLine(without(cmdline, "hap"), "allow hardware-assisted paging");
  if (!options.superpages && scenario.release.iommuSuperpages)
    bootLine(
      withOption(
        cmdline,
        "iommu",
        ["no-superpages", "superpages=0", "superpages=no", "superpages=off", "superpages=false"],
        null,
      ),
      "allow superpages in the IOMMU's tables",
    );
  if (!guest.hap)
    list.push({
      keys: { hap: true },
      change: { hap: "on" },
      says: "use hardware-assisted paging for the guest",
      write: { where: "xl.cfg", line: "hap = 1" },
    });
  if (guest.passthrough === "sync_pt")
    list.push({
      keys: { passthrough: "share_pt" },
      change: { passthrough: "share_pt" },
      says: "share the P2M's tables with the IOMMU",
      write: { where: "xl.cfg", line: 'passthrough = "share_pt"' },
    });
  if (guest.kind === "hvm" && guest.kernel !== "linux>=6.15")
    list.push({
      keys: { guestKernel: "linux>=6.15" },
      change: { "guest-kernel": "linux>=6.15" },
      says: "run Linux 6.15 or later in the guest: it sizes all BARs with one removal and one mapping",
      write: { where: "the guest", line: "Linux 6.15" },
    });
  list.push(...betterAddresses(scenario, layout));
  return list;
}

/** Every main-line release after this one. */
const releasesToTry = ({ release }: Scenario): readonly string[] =>
  MAIN_RELEASES.filter((name) => Number(name.split(".")[1]) > release.minor);

/** Guest addresses that agree with the machine address modulo 2 MiB, for BARs that were put elsewhere. */
function betterAddresses(scenario: Scenario, layout: Layout): readonly Candidate[] {
  const list: Candidate[] = [];
  for (const { device, bars } of layout.devices)
    for (const { bar, guest } of bars) {
      if (guest === null || bar.address === null || (bar.size ?? 0) < 2 ** 21) continue;
      if ((guest - bar.address) % 2 ** 21 === 0) continue;
      const address = Math.ceil(guest / bar.size!) * bar.size!;
      list.push({
        keys: {
          barAddresses: [
            ...scenario.barAddresses.filter((a) => a.bdf !== device.bdf || a.index !== bar.index),
            { bdf: device.bdf, index: bar.index, address },
          ],
        },
        change: { "bar-address": `${device.bdf}:${bar.index}=${hex(address)}` },
        says: `place ${device.bdf} BAR ${bar.index} at a multiple of its size`,
        write: { where: "what places the BAR", line: `${device.bdf} BAR ${bar.index} at ${hex(address)}` },
      });
    }
  return list;
}

const saved = (now: Ledger, then: Ledger): Partial<Record<LedgerKind, number>> =>
  Object.fromEntries(WORTH.filter((kind) => now[kind] > then[kind]).map((kind) => [kind, now[kind] - then[kind]]));

/** Less than a millisecond of a boot is not worth a change. */
const WORTH_SECONDS = 0.001;

/**
 * Every switch that changes an order or saves a count, ranked by what a boot would save. Of later
 * releases only those are named that save more than an earlier one. `now` is the scenario as it stands.
 */
export function advise(
  inventory: Inventory,
  keys: ScenarioKeys,
  scenario: Scenario,
  layout: Layout,
  now: Simulation,
  calibration?: Calibration,
): readonly Advice[] {
  const nowTime = timeOf(now.boot, calibration);
  const advice: (Advice & { readonly release: boolean })[] = [];
  for (const candidate of candidates(scenario, layout)) {
    const resolved = resolveScenario(inventory, { ...keys, ...candidate.keys });
    if (typeof resolved === "string") continue;
    const then = simulate(resolved.scenario, layOut(resolved.scenario, inventory));
    const time: TimeRange = timeOf(then.boot, calibration);
    const seconds = [nowTime.low - time.low, nowTime.likely - time.likely, nowTime.high - time.high] as const;
    const counts = saved(now.ledger, then.ledger);
    const isRelease = "xen" in candidate.change;
    if (seconds[1] < WORTH_SECONDS && Object.keys(counts).length === 0) continue;
    if (seconds[1] < 0) continue;
    // Releases come in ascending order: a later one must save more than those before it.
    if (isRelease && advice.some((a) => a.release && a.saves.seconds[1] >= seconds[1] - WORTH_SECONDS)) continue;
    advice.push({
      change: candidate.change,
      says: candidate.says,
      write: candidate.write,
      saves: { ...counts, seconds },
      release: isRelease,
    });
  }
  return advice
    .sort((a, b) => b.saves.seconds[1] - a.saves.seconds[1])
    .map(({ change, says, write, saves }) => ({ change, says, write, saves }));
}
