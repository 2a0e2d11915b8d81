import type { NoteList } from "./note-list.ts";
import { parseHexAddress } from "./sizes.ts";
import type { DeviceDirectory } from "./sysfs-directory.ts";
import { lines } from "./text.ts";
import type { Bar } from "./types.ts";

/** The `resource` file of a function. */
export interface Resources {
  /** Whether the file was there at all. */
  readonly present: boolean;
  /** BARs 0 to 5 and the ROM, 6. */
  readonly bars: readonly Bar[];
  /** Resources 7 to 12 as BARs 0 to 5, each as long as all of its VFs' slices together. */
  readonly vfBars: readonly Bar[];
}

const LINE = /^(0x[0-9a-f]{1,16}) (0x[0-9a-f]{1,16}) (0x[0-9a-f]{1,16})$/i;
const ROM = 6;
const FIRST_VF = 7;
const LAST_VF = 12;
const MAX_LINES = 32;

const IO = 0x100;
const MEMORY = 0x200;
const PREFETCH = 0x2000;
const WIDE = 0x100000;
const DISABLED = 0x10000000;
const UNSET = 0x20000000;

/**
 * One line a resource: `0xSTART 0xEND 0xFLAGS`, END inclusive, unused ones all zero (host-inputs.md 3). Lines after the
 * twelfth, and a bridge's after the ROM, are windows and no BARs: the caller leaves those of bridges out.
 */
export function readResources(dir: DeviceDirectory, notes: NoteList): Resources {
  const text = dir.text("resource");
  const file = dir.file("resource");
  if (text === undefined) {
    notes.add("missing", "expected one line a resource; the file is absent or not readable", { file });
    return { present: false, bars: [], vfBars: [] };
  }
  const bars: Bar[] = [];
  const vfBars: Bar[] = [];
  for (const { text: row, line } of lines(text, { maxLines: MAX_LINES })) {
    const number = line - 1;
    if (number > LAST_VF) break;
    const from = { file, line };
    const bar = readLine(row.trim(), number, from);
    if (bar === undefined)
      notes.add("unread", "expected 0xSTART 0xEND 0xFLAGS with START ≤ END of at most 52 bits", from);
    else if (bar !== null && number >= FIRST_VF) vfBars.push({ ...bar, index: number - FIRST_VF });
    else if (bar !== null) bars.push(bar);
  }
  return { present: true, bars, vfBars };
}

/** null for an unused resource, undefined for a malformed line. */
function readLine(row: string, index: number, from: Bar["from"]): Bar | null | undefined {
  const match = LINE.exec(row);
  if (match === null) return undefined;
  const [start, end, flags] = [match[1], match[2], match[3]].map((word) => parseHexAddress(word ?? ""));
  if (start == null || end == null || flags == null) return undefined;
  const has = (bit: number): boolean => Math.floor(flags / bit) % 2 === 1;
  if ((start === 0 && end === 0) || !(has(IO) || has(MEMORY))) return null;
  if (end < start) return undefined;
  const state = has(UNSET) ? "unassigned" : start === 0 ? "zero" : undefined;
  return {
    index,
    kind: index === ROM ? "rom" : has(IO) ? "io" : "memory",
    address: state === undefined ? start : null,
    size: end - start + 1,
    width: has(WIDE) ? 64 : 32,
    prefetchable: has(PREFETCH),
    ...(state === undefined ? {} : { state }),
    ...(has(DISABLED) ? { disabled: true } : {}),
    from,
  };
}
