import { hex } from "../address.ts";
import { latestWins } from "./overlay.ts";
import { type ByteSource, fail, ImageError, u64, view } from "./source.ts";

/** makedumpfile's flattened form: records that say where in the real file their bytes go (page-table-formats.md 8.3). */
export const FLATTENED_SIGNATURE = "makedumpfile";
const HEADER = 4096;
const RECORD = 16;
const MAX_RUNS = 2 ** 20;
const LIMIT = 2 ** 52;

/**
 * Records of equal size that follow each other in both files. Byte `x` of the real file is in record
 * `floor((x - start) / size)` of the run.
 */
interface RecordRun {
  /** What of the real file this run still holds: later records may have replaced the rest. */
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly size: number;
  /** Where the first record's bytes are in the flattened file. */
  readonly file: number;
}

const u64be = (data: DataView, offset: number): number => u64(data, offset, false);

function readRuns(source: ByteSource): RecordRun[] {
  const runs: RecordRun[] = [];
  for (let offset = HEADER; ; ) {
    const header = view(source, offset, RECORD, "a record of the flattened dump, or its end mark");
    if (header.getUint32(0) === 0xffffffff && header.getUint32(4) === 0xffffffff) return runs;
    const start = u64be(header, 0);
    const size = u64be(header, 8);
    if (size === 0 || start + size > LIMIT)
      fail(offset, `expected a record's offset and size, found ${hex(start)} and ${hex(size)}`);
    const file = offset + RECORD;
    if (file + size > source.size)
      fail(
        offset,
        `expected ${hex(size)} bytes after this record, but the file ends at ${hex(source.size)}: is it cut off?`,
      );
    const last = runs.at(-1);
    const count = last ? (last.to - last.start) / last.size : 0;
    if (last && last.size === size && last.to === start && file === last.file + count * (size + RECORD))
      runs[runs.length - 1] = { ...last, to: start + size };
    else if (runs.push({ from: start, to: start + size, start, size, file }) > MAX_RUNS)
      throw new ImageError(`more than ${MAX_RUNS} scattered records: reassemble the dump first (makedumpfile -R)`);
    offset = file + size;
  }
}

/**
 * The file that a flattened dump stands for. Bytes that no record holds read as zero. Throws ImageError that names the
 * offset of a record that is none or is cut off, and beyond 2^20 runs of records.
 */
export function unflatten(source: ByteSource): ByteSource {
  const header = view(source, 0, HEADER, "a flattened dump's header");
  const [type, version] = [u64be(header, 16), u64be(header, 24)];
  if (type !== 1 || version !== 1)
    fail(16, `expected type 1 and version 1 of the flattened format, found ${hex(type)} and ${hex(version)}`);
  const runs = latestWins(readRuns(source));
  const size = runs.at(-1)?.to ?? 0;
  return {
    size,
    read(offset, length) {
      const end = Math.min(offset + length, size);
      const bytes = new Uint8Array(Math.max(0, end - offset));
      let low = 0;
      let high = runs.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (runs[middle]!.to > offset) high = middle;
        else low = middle + 1;
      }
      for (let i = low; i < runs.length && runs[i]!.from < end; i++) {
        const run = runs[i]!;
        for (let at = Math.max(run.from, offset); at < Math.min(run.to, end); ) {
          const record = Math.floor((at - run.start) / run.size);
          const stop = Math.min(run.start + (record + 1) * run.size, run.to, end);
          bytes.set(source.read(run.file + record * RECORD + (at - run.start), stop - at), at - offset);
          at = stop;
        }
      }
      return bytes;
    },
  };
}
