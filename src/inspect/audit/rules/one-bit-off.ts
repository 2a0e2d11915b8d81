import { hex, hex64 } from "../../../address.ts";
import type { Run } from "../../../radix/runs.ts";
import { hitOnRun } from "../facts.ts";
import type { Hit, Rule } from "../rule.ts";

const isPower = (n: number): boolean => n !== 0 && (n & (n - 1)) === 0;

/** Whether two frames, or two entries' halves, differ in one bit. Frames exceed 32 bits. */
function oneBit(a: readonly [high: number, low: number], b: readonly [high: number, low: number]): boolean {
  const high = (a[0] ^ b[0]) >>> 0;
  const low = (a[1] ^ b[1]) >>> 0;
  return (high === 0 && isPower(low)) || (low === 0 && isPower(high));
}

const halves = (frame: number): [number, number] => [Math.floor(frame / 2 ** 26), frame % 2 ** 26];
const sameFlags = (a: Run, b: Run): boolean => a.lo === b.lo && a.hi === b.hi;
const sameSize = (a: Run, b: Run): boolean => a.order === b.order && a.level === b.level;

/** Runs before and after, where they go on with each other past a single entry. */
function neighbours(runs: readonly Run[], i: number): readonly [before: Run, run: Run, after: Run] | null {
  const [before, run, after] = [runs[i - 1]!, runs[i]!, runs[i + 1]!];
  const touch = before.start + before.pages === run.start && run.start + run.pages === after.start;
  if (run.entries !== 1 || !touch || !sameSize(before, run) || !sameSize(run, after) || !sameFlags(before, after))
    return null;
  const { maps, pages } = before;
  return maps !== null && run.maps !== null && after.maps === maps + pages + run.pages ? [before, run, after] : null;
}

export const oneBitOff: Rule = {
  id: "one-bit-off",
  severity: "risk",
  says: "An entry between two that go on with each other is one bit off, in its frame or its flags: so looks a bit that memory flipped.",
  reference: "page-table-formats.md 10.1 (a linear mapping keeps input XOR output aligned)",
  fix: "Look for memory errors in the machine's log (MCE, EDAC, the BMC); a second image tells whether the bit stands.",
  *check({ trees }): Generator<Hit> {
    for (const tree of trees)
      for (let i = 1; i + 1 < tree.runs.length; i++) {
        const found = neighbours(tree.runs, i);
        if (!found) continue;
        const [before, run] = found;
        const expected = before.maps! + before.pages;
        if (sameFlags(before, run) && oneBit(halves(expected), halves(run.maps!)))
          yield hitOnRun(tree, run, `leads to mfn ${hex(run.maps!)}, its neighbours would have ${hex(expected)} here`);
        // Elsewhere one bit may be a right that was meant, or a page that was written to.
        const isXen = tree.what === "p2m" && tree.owner === "xen";
        if (isXen && run.maps === expected && oneBit([before.hi, before.lo], [run.hi, run.lo]))
          yield hitOnRun(
            tree,
            run,
            `flags ${hex64(run.lo, run.hi)}, its neighbours have ${hex64(before.lo, before.hi)}`,
          );
      }
  },
};
