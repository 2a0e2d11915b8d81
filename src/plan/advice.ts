import type { Inventory } from "../inventory/types.ts";
import type { Ledger, LedgerKind } from "../xen/ledger.ts";
import { type Carried, carryOut } from "./carry-out.ts";
import { overlayKeys } from "./keys.ts";
import { bootOf } from "./map-device.ts";
import type { Simulator } from "./memo.ts";
import { resolveScenario } from "./resolve.ts";
import type { Scenario, ScenarioKeys } from "./scenario.ts";
import { bootOfAll } from "./simulate.ts";
import { laterReleases, type Switch, switches } from "./switches.ts";
import { type Calibration, timeOf } from "./time.ts";

/** One thing that the user could change, and what it would save. */
export interface Advice {
  /** Scenario keys to set; the same that `--with` takes. */
  readonly change: Readonly<Record<string, string>>;
  readonly says: string;
  /** The exact line to write, and where. */
  readonly write: { readonly where: string; readonly line: string };
  /** How many more BARs are mapped then; absent when none. */
  readonly mends?: number;
  /** Counts saved in mapping once, by kind (only kinds that shrink), and seconds of a boot. */
  readonly saves: Readonly<Partial<Record<LedgerKind, number>>> & {
    readonly seconds: readonly [low: number, likely: number, high: number];
  };
}

/** How the search for advice is made. */
export interface AdviseOptions {
  readonly calibration?: Calibration;
  /** Called before each change is tried: what it is, and how many of how many were tried. */
  readonly onCandidate?: (says: string, done: number, total: number) => void;
  /** Carries scenarios out. Default `simulate`. */
  readonly simulator?: Simulator;
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

/**
 * Every switch that changes an order or saves a count, those first that make more BARs work, then by what a boot would
 * save. `now` is the scenario as it stands, carried out; each switch costs one more run of the model.
 */
export function advise(
  inventory: Inventory,
  keys: ScenarioKeys,
  now: Carried,
  options: AdviseOptions = {},
): readonly Advice[] {
  const others = switches(now);
  const releases = laterReleases(now.scenario.release);
  const total = releases.length + others.length;
  let done = 0;
  const attempt = (candidate: Switch): Advice | null => {
    options.onCandidate?.(candidate.says, done++, total);
    return tryOut(inventory, keys, now, candidate, options);
  };
  const advice = [...releaseAdvice(releases, attempt), ...others.map(attempt)].filter((found) => found !== null);
  return advice.sort((a, b) => score(b) - score(a));
}

/**
 * Of later releases two are enough: the newest turning point, and the first that gives nine tenths of what that gives.
 * Those between are not carried out once such a one is found.
 */
function releaseAdvice(
  releases: readonly Switch[],
  attempt: (candidate: Switch) => Advice | null,
): readonly (Advice | null)[] {
  const newest = releases.at(-1);
  if (!newest) return [];
  const best = attempt(newest);
  for (const candidate of releases.slice(0, -1)) {
    const found = attempt(candidate);
    if (found && score(found) >= 0.9 * (best === null ? 0 : score(best)))
      return best !== null && score(best) > score(found) ? [found, best] : [found];
  }
  return [best];
}

const likely = ({ saves }: Advice): number => saves.seconds[1];

/** Less than a microsecond of a boot is rounding. */
const LEAST_SECONDS = 1e-6;

function tryOut(
  inventory: Inventory,
  keys: ScenarioKeys,
  now: Carried,
  { keys: changed, change, says, write }: Switch,
  { calibration, simulator }: AdviseOptions,
): Advice | null {
  const resolved = resolveScenario(inventory, overlayKeys(keys, changed));
  if (typeof resolved === "string") return null;
  const kernelOnly = isKernelOnly(changed);
  const then = kernelOnly
    ? withKernel(now, resolved.scenario)
    : carryOut(resolved.scenario, inventory, true, simulator, now);
  // Only counts are compared, and a simulator's own simulations are its own.
  if (!kernelOnly && !simulator) then.simulation.machine.memory.giveBack();
  const [a, b] = [now, then].map(({ simulation }) => timeOf(simulation.boot, calibration)) as [Time, Time];
  const seconds = [a.low - b.low, a.likely - b.likely, a.high - b.high] as const;
  const mends = mappedBars(then) - mappedBars(now);
  const helps = mends > 0 || (mends === 0 && seconds[1] > LEAST_SECONDS);
  if (!helps) return null;
  const counts = saved(now.simulation.ledger, then.simulation.ledger);
  return { change, says, write, ...(mends > 0 ? { mends } : {}), saves: { ...counts, seconds } };
}

type Time = ReturnType<typeof timeOf>;

const isKernelOnly = (keys: ScenarioKeys): boolean => Object.keys(keys).join() === "guestKernel";

/** Another guest kernel changes how often a boot repeats what was carried out already, and nothing else. */
function withKernel(now: Carried, scenario: Scenario): Carried {
  const { simulation } = now;
  const devices = simulation.devices.map((device) => ({ ...device, boot: bootOf(scenario, device.laid) }));
  return { ...now, scenario, simulation: { ...simulation, devices, boot: bootOfAll(devices, simulation.rounds) } };
}

const saved = (now: Ledger, then: Ledger): Partial<Record<LedgerKind, number>> =>
  Object.fromEntries(WORTH.filter((kind) => now[kind] > then[kind]).map((kind) => [kind, now[kind] - then[kind]]));

/** BARs whose every piece was mapped. */
const mappedBars = ({ simulation }: Carried): number =>
  simulation.devices
    .flatMap(({ bars }) => bars)
    .filter(({ laid, pieces }) => laid.problem === null && pieces.every(({ outcome }) => outcome.result >= 0)).length;

/** What counts first: BARs that then work; a boot's seconds decide among those. */
const score = (advice: Advice): number => (advice.mends ?? 0) * 1e6 + likely(advice);
