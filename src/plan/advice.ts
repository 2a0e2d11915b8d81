import type { Inventory } from "../inventory/types.ts";
import type { Ledger, LedgerKind } from "../xen/ledger.ts";
import { type Carried, carryOut } from "./carry-out.ts";
import { overlayKeys } from "./keys.ts";
import { resolveScenario } from "./resolve.ts";
import type { ScenarioKeys } from "./scenario.ts";
import { type Switch, switches } from "./switches.ts";
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
  calibration?: Calibration,
): readonly Advice[] {
  const advice = switches(now)
    .map((candidate) => tryOut(inventory, keys, now, candidate, calibration))
    .filter((found) => found !== null);
  return fewReleases(advice).sort((a, b) => score(b) - score(a));
}

const likely = ({ saves }: Advice): number => saves.seconds[1];

/** Less than a microsecond of a boot is rounding. */
const LEAST_SECONDS = 1e-6;

function tryOut(
  inventory: Inventory,
  keys: ScenarioKeys,
  now: Carried,
  { keys: changed, change, says, write }: Switch,
  calibration: Calibration | undefined,
): Advice | null {
  const resolved = resolveScenario(inventory, overlayKeys(keys, changed));
  if (typeof resolved === "string") return null;
  const then = carryOut(resolved.scenario, inventory);
  const [a, b] = [now, then].map(({ simulation }) => timeOf(simulation.boot, calibration)) as [Time, Time];
  const seconds = [a.low - b.low, a.likely - b.likely, a.high - b.high] as const;
  const mends = mappedBars(then) - mappedBars(now);
  const helps = mends > 0 || (mends === 0 && seconds[1] > LEAST_SECONDS);
  if (!helps) return null;
  const counts = saved(now.simulation.ledger, then.simulation.ledger);
  return { change, says, write, ...(mends > 0 ? { mends } : {}), saves: { ...counts, seconds } };
}

type Time = ReturnType<typeof timeOf>;

const saved = (now: Ledger, then: Ledger): Partial<Record<LedgerKind, number>> =>
  Object.fromEntries(WORTH.filter((kind) => now[kind] > then[kind]).map((kind) => [kind, now[kind] - then[kind]]));

/** BARs whose every piece was mapped. */
const mappedBars = ({ simulation }: Carried): number =>
  simulation.devices
    .flatMap(({ bars }) => bars)
    .filter(({ laid, pieces }) => laid.problem === null && pieces.every(({ outcome }) => outcome.result >= 0)).length;

/** What counts first: BARs that then work; a boot's seconds decide among those. */
const score = (advice: Advice): number => (advice.mends ?? 0) * 1e6 + likely(advice);

/** Of later releases two are enough: the first that gives nine tenths of what any gives, and the best. */
function fewReleases(advice: readonly Advice[]): Advice[] {
  const releases = advice.filter(({ change }) => "xen" in change);
  const best = releases.reduce((most, a) => Math.max(most, score(a)), 0);
  const first = releases.find((a) => score(a) >= 0.9 * best);
  const most = releases.find((a) => score(a) === best);
  return advice.filter((a) => !("xen" in a.change) || a === first || a === most);
}
