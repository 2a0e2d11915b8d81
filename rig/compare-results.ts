import type { OperationResult as ModelResult } from "../src/xen/operations.ts";
import type { OperationResult } from "./results.ts";

/** One number of a result in which hypervisor and model differ. */
export interface ResultDifference {
  /** Index of the operation in the script. */
  readonly operation: number;
  readonly field: string;
  readonly xen: number;
  readonly model: number;
}

type Numbers = Readonly<Record<string, number>>;

interface Calls {
  readonly result?: number;
  readonly pagesDone?: number;
  readonly hypercalls?: number;
  readonly firstReturn?: number | null;
  readonly lastReturn?: number | null;
}

const callNumbers = (calls: Calls | undefined, prefix = ""): Numbers => ({
  [`${prefix}result`]: calls?.result ?? 0,
  [`${prefix}pagesDone`]: calls?.pagesDone ?? 0,
  [`${prefix}hypercalls`]: calls?.hypercalls ?? 0,
  [`${prefix}firstReturn`]: calls?.firstReturn ?? 0,
  [`${prefix}lastReturn`]: calls?.lastReturn ?? 0,
});

/** All that a result says, as numbers under like names; what was not counted is 0. */
const numbers = (result: OperationResult | ModelResult): Numbers => ({
  ...callNumbers(result),
  ...callNumbers(result.undo, "undo."),
  populated: result.populated ?? 0,
  mapped: result.mapped ?? 0,
  released: ("released" in result ? result.released : "decreased" in result ? result.decreased : undefined) ?? 0,
  crashed: result.crashed ? 1 : 0,
});

/** Every number in which the results of a script differ. Cycles and chosen frames take no part. */
export function compareResults(
  xen: readonly OperationResult[],
  model: readonly ModelResult[],
): readonly ResultDifference[] {
  const differences: ResultDifference[] = [];
  if (xen.length !== model.length)
    differences.push({ operation: -1, field: "operations", xen: xen.length, model: model.length });
  for (let i = 0; i < Math.min(xen.length, model.length); i++) {
    const left = numbers(xen[i]!);
    const right = numbers(model[i]!);
    for (const [field, value] of Object.entries(left))
      if (value !== right[field]) differences.push({ operation: i, field, xen: value, model: right[field]! });
  }
  return differences;
}
