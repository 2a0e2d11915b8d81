import * as v from "valibot";
import { LEDGER_KINDS, type LedgerKind } from "../xen/ledger.ts";
import { issueLine } from "./script.ts";
import type { Calibration, Cost } from "./time.ts";

/** Costs measured on a host, and where they come from: what `physmap trace --calibrate` writes. */
export interface CalibrationDocument extends Calibration {
  readonly physmap: 1;
  readonly kind: "calibration";
  readonly from: {
    readonly log: string;
    readonly xen: string;
    readonly cpu: "intel" | "amd";
    /** How the guest's IOMMU tables relate to its P2M. */
    readonly iommu: "none" | "shared" | "sync";
    /** The log's clock: the least difference that it shows, in seconds. */
    readonly resolution: number;
    /** What was measured beside what the shipped costs say, in nanoseconds a call. */
    readonly calls: readonly {
      readonly entries: "64x4k" | "64x2m";
      readonly calls: number;
      readonly measured: Cost;
      readonly predicted: number;
    }[];
    /** Measured over predicted: the factors on the likely costs. */
    readonly ratio: Cost;
    /** Kinds that the measured calls hold; all others keep the shipped costs. */
    readonly measuredKinds: readonly LedgerKind[];
  };
}

const nanoseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(1e15));
const cost = v.strictTuple([nanoseconds, nanoseconds, nanoseconds]);
const kinds = Object.keys(LEDGER_KINDS) as LedgerKind[];

/** Schema of a calibration. A kind without costs costs nothing of its own; each cost is low ≤ likely ≤ high. */
export const calibrationSchema = v.object({
  physmap: v.literal(1),
  kind: v.literal("calibration"),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  /** Nanoseconds a unit of each ledger kind. */
  costs: v.strictObject(Object.fromEntries(kinds.map((kind) => [kind, v.exactOptional(cost)]))),
  from: v.exactOptional(v.record(v.string(), v.unknown())),
});

/** Check a parsed JSON document. Returns a sentence when it is no calibration. */
export function readCalibration(document: unknown): Calibration | string {
  const parsed = v.safeParse(calibrationSchema, document);
  if (!parsed.success)
    return `not a calibration: ${issueLine(parsed.issues)} ("physmap trace LOG --calibrate FILE" writes one)`;
  const { name, costs } = parsed.output;
  const known: Partial<Record<LedgerKind, Cost>> = {};
  for (const kind of kinds) {
    const triple = costs[kind];
    if (triple === undefined) continue;
    const [low, likely, high] = triple;
    if (low > likely || likely > high)
      return `not a calibration: at costs.${kind}: expected low, likely and high in ascending order, found ${triple.join(", ")}`;
    known[kind] = [low, likely, high];
  }
  return { name: name.replace(/\p{Cc}+/gu, " "), costs: known };
}
