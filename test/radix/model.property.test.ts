import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alignDown, type Gfn } from "../../src/address.ts";
import { EMPTY, FORMATS, type FormatName, type LeafAttributes } from "../../src/format/index.ts";
import { merge, prune } from "../../src/radix/compact.ts";
import { clear, setLeaf, split } from "../../src/radix/leaves.ts";
import { count, type Problem, runs } from "../../src/radix/runs.ts";
import { pagesAt, translate, type WritableTree, widthOf } from "../../src/radix/tree.ts";
import { FrameSet } from "../../src/ranges.ts";
import { countPlainly, newTree, SHAPES, tablesOf } from "./helpers.ts";

/** Where operations begin and answers are compared, relative to a region of 2^20 pages. */
const SPOTS = [
  0,
  1,
  2,
  3,
  7,
  8,
  255,
  256,
  511,
  512,
  513,
  1023,
  1024,
  4095,
  2 ** 18 - 1,
  2 ** 18,
  2 ** 18 + 513,
  2 ** 19,
];
const LAST = 2 ** 20 - 1;
/** Distances from input to output; the last puts outputs right below 2^40 frames. */
const SHIFTS = [0, 2 ** 21, 0x1555];

const SIZES: Record<FormatName, readonly number[]> = {
  ept: [0, 9, 18],
  npt: [0, 9, 18],
  vtd: [0, 9, 18],
  amdvi: Array.from({ length: 20 }, (_, i) => i),
};

interface Step {
  readonly op: "set" | "clear" | "split" | "merge" | "prune";
  readonly spot: number;
  readonly size: number;
  readonly order: number;
  readonly shift: number;
  readonly write: boolean;
  readonly pat: boolean;
}

const steps = fc.array(
  fc.record<Step>({
    op: fc.constantFrom("set", "set", "set", "clear", "split", "merge", "prune"),
    spot: fc.constantFrom(...SPOTS, LAST),
    size: fc.nat(19),
    order: fc.nat(20),
    shift: fc.constantFrom(...SHIFTS, -1),
    write: fc.boolean(),
    pat: fc.boolean(),
  }),
  { minLength: 1, maxLength: 14 },
);

/** What is mapped, page by page for the frames that are compared, and altogether. */
interface Model {
  readonly probes: Map<number, { readonly output: number; readonly attributes: LeafAttributes } | null>;
  mapped: FrameSet<Gfn>;
}

function apply(tree: WritableTree, model: Model, base: number, width: number, step: Step): void {
  const sizes = SIZES[tree.format.name].filter((order) => order < Math.log2(width));
  const set = step.op === "set";
  const order = set ? sizes[step.size % sizes.length]! : Math.min(step.order, Math.log2(width) - 1);
  const frame = alignDown(base + (step.spot % width), order);
  if (step.op === "merge") merge(tree);
  else if (step.op === "prune") prune(tree);
  else if (step.op === "split") split(tree, base + (step.spot % width), order);
  if (!set && step.op !== "clear") return;
  const shift = step.shift < 0 ? 2 ** 40 - 2 ** 20 - base : step.shift;
  const output = alignDown(frame + shift, order) % 2 ** 40;
  const attributes = { read: true, write: step.write, pat: step.pat, emt: step.pat ? 6 : 0, snoop: step.pat };
  if (set) {
    setLeaf(tree, frame, output, order, attributes);
    expect(translate(tree, frame)).toMatchObject({ frame: output, order });
  } else clear(tree, frame, order);
  for (const probe of model.probes.keys())
    if (alignDown(probe, order) === frame)
      model.probes.set(probe, set ? { output: output + (probe - frame), attributes } : null);
  model.mapped = set ? model.mapped.add(frame, 2 ** order) : model.mapped.remove(frame, 2 ** order);
}

function check(tree: WritableTree, model: Model): void {
  const { format } = tree;
  for (const [probe, wanted] of model.probes) {
    const found = translate(tree, probe);
    expect(found?.frame ?? null, `frame ${probe}`).toBe(wanted?.output ?? null);
    if (!found || !wanted) continue;
    const leaf = format.encodeLeaf(found.frame - (probe % 2 ** found.order), found.order, wanted.attributes);
    expect({ lo: found.lo, hi: found.hi }, `entry of frame ${probe}`).toEqual(leaf);
  }
  const problems: Problem[] = [];
  let end = 0;
  let pages = 0;
  const covered = new Set<number>();
  for (const run of runs(tree, { onProblem: (problem) => problems.push(problem) })) {
    expect(run.start).toBeGreaterThanOrEqual(end);
    end = run.start + run.pages;
    pages += run.pages;
    expect(run.entries * pagesAt(run.level)).toBe(run.pages);
    for (const offset of [0, run.pages - 1])
      expect(translate(tree, run.start + offset)).toMatchObject({ frame: run.maps! + offset, order: run.order });
    for (const [probe, wanted] of model.probes)
      if (probe >= run.start && probe < end) {
        covered.add(probe);
        expect(run.maps! + (probe - run.start)).toBe(wanted?.output);
      }
  }
  expect(problems).toEqual([]);
  expect(pages).toBe(model.mapped.pages);
  expect([...model.probes].filter(([, wanted]) => wanted).map(([probe]) => probe)).toEqual(
    [...covered].sort((a, b) => a - b),
  );
  const plain = countPlainly(tree);
  expect(count(tree)).toEqual(plain);
  expect(tree.memory.allocated).toBe([...plain.tables.values()].reduce((sum, n) => sum + n, 0));
}

describe.each(SHAPES)("%s with %i levels, random edits against a model", (name, levels) => {
  it.each(["bottom", "top"] as const)("agrees at the %s of the address space", (where) => {
    fc.assert(
      fc.property(steps, (list) => {
        const tree = newTree(name, levels);
        const all = widthOf(tree.format, levels);
        const width = Math.min(all, 2 ** 20);
        const base = where === "top" ? Math.min(all, 2 ** 40) - width : 0;
        const spots = [...SPOTS, LAST].flatMap((spot) => [spot, spot + 1]).filter((spot) => spot < width);
        const probes = [...new Set(spots)].map((spot) => base + spot).sort((a, b) => a - b);
        const model: Model = { probes: new Map(probes.map((probe) => [probe, null])), mapped: FrameSet.empty<Gfn>() };
        for (const step of list) apply(tree, model, base, width, step);
        check(tree, model);

        prune(tree);
        check(tree, model);
        for (const [level, tables] of tablesOf(tree))
          for (const table of tables.filter((t) => t !== tree.root)) {
            const words = tree.memory.words(table);
            const used = Array.from({ length: 512 }, (_, i) =>
              tree.format.kindOf(words[2 * i]!, words[2 * i + 1]!, level),
            );
            expect(
              used.some((kind) => kind !== EMPTY),
              `a table of level ${level} is not empty`,
            ).toBe(true);
          }
        merge(tree);
        check(tree, model);
        expect(merge(tree)).toBe(0);
      }),
      { numRuns: 12 },
    );
  });

  it("merges what was split back into the same entry", () => {
    const width = widthOf(FORMATS[name], levels);
    const orders = SIZES[name].filter((order) => 2 ** order < width);
    fc.assert(
      fc.property(fc.constantFrom(...orders), fc.nat(512), fc.boolean(), (order, at, pat) => {
        const tree = newTree(name, levels);
        const frame = (at * 2 ** order) % Math.min(width, 2 ** 20);
        setLeaf(tree, frame, frame, order, { read: true, pat });
        const before = translate(tree, frame)!;
        split(tree, frame, 0);
        expect(translate(tree, frame)?.order).toBe(0);
        merge(tree);
        // A size between two levels comes back as leaves of the level's own size.
        const own = order - (order % 9);
        const leaf = tree.format.encodeLeaf(frame, own, { read: true, pat });
        expect(translate(tree, frame)).toEqual({ ...before, order: own, ...leaf });
      }),
      { numRuns: 20 },
    );
  });
});
