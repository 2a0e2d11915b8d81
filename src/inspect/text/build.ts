import type { MappedRun } from "../mapped-run.ts";

/** Runs of one dump; more are not kept. */
const MOST_RUNS = 2 ** 18;

/** A run of which only the place is told. */
export const placed = (start: number, pages: number, maps: number | null): MappedRun => ({
  start,
  pages,
  maps,
  entries: 1,
  present: true,
  order: null,
  access: null,
  memoryType: null,
  ipat: null,
  type: null,
  flags: null,
});

const sameFlags = (a: MappedRun["flags"], b: MappedRun["flags"]): boolean => a?.lo === b?.lo && a?.hi === b?.hi;

const continues = (a: MappedRun, b: MappedRun): boolean =>
  a.start + a.pages === b.start &&
  a.present === b.present &&
  (a.maps === null ? b.maps === null : a.maps + a.pages === b.maps) &&
  a.order === b.order &&
  // Without an order each piece stands for itself.
  a.order !== null &&
  a.access === b.access &&
  a.memoryType === b.memoryType &&
  a.ipat === b.ipat &&
  a.type === b.type &&
  sameFlags(a.flags, b.flags);

/** Collects leaves in the order in which a text gives them, joined to runs. */
export interface RunBuilder {
  add(run: MappedRun, line: number | null): void;
  /** Ascending and without overlap. */
  runs(): readonly MappedRun[];
}

/** Leaves that overlap an earlier one, and those beyond the limit, are left out and noted. */
export function runBuilder(note: (line: number | null, says: string) => void): RunBuilder {
  const list: { run: MappedRun; readonly line: number | null }[] = [];
  let left = 0;
  return {
    add(run, line) {
      const last = list.at(-1);
      if (last && continues(last.run, run))
        last.run = { ...last.run, pages: last.run.pages + run.pages, entries: last.run.entries + run.entries };
      else if (list.length < MOST_RUNS) list.push({ run, line });
      else left++;
    },
    runs() {
      if (left > 0) note(null, `only the first ${MOST_RUNS} runs were kept, ${left} leaves were left out`);
      const sorted = list.toSorted((a, b) => a.run.start - b.run.start);
      const kept: MappedRun[] = [];
      let end = 0;
      for (const { run, line } of sorted) {
        if (run.start < end) note(line, "covers addresses that another line covers too: left out");
        else {
          kept.push(run);
          end = run.start + run.pages;
        }
      }
      return kept;
    },
  };
}
