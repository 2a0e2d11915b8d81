/** ELF notes that a memory image carries: a few sentences on whose memory it is (page-table-formats.md 8.2). */
import { hex } from "../address.ts";
import { ascii, type ByteSource, u64 } from "./source.ts";

export interface Note {
  readonly name: string;
  readonly type: number;
  /** The description's bytes; valid until the source is read again. */
  readonly data: DataView;
}

const MAX_BYTES = 4 * 2 ** 20;
const MAX_NOTES = 2 ** 14;
const padded = (n: number): number => Math.ceil(n / 4) * 4;

/** The notes in a stretch of a file, up to the first that does not fit. Reads at most 4 MiB. Never throws. */
export function* notesIn(source: ByteSource, offset: number, size: number): Generator<Note> {
  if (!(offset < source.size)) return;
  const bytes = new Uint8Array(source.read(offset, Math.min(size, MAX_BYTES)));
  const data = new DataView(bytes.buffer);
  let at = 0;
  for (let i = 0; i < MAX_NOTES && at + 12 <= bytes.length; i++) {
    const name = data.getUint32(at, true);
    const desc = data.getUint32(at + 4, true);
    const start = at + 12 + padded(name);
    if (start + desc > bytes.length) return;
    const type = data.getUint32(at + 8, true);
    yield { name: ascii(data, at + 12, name), type, data: new DataView(bytes.buffer, start, desc) };
    at = start + padded(desc);
  }
}

/** Offset of CR3 in a QEMU note: two words, 18 registers, 10 segments, CR0 to CR2. */
const QEMU_CR3 = 416;
const MOST_CPUS = 8;

/** What notes tell about the machine: the processors' own page tables, the guest's kernel. */
export function noteTexts(notes: Iterable<Note>): string[] {
  const cr3: string[] = [];
  let release = "";
  for (const { name, data } of notes) {
    if (name === "QEMU" && data.byteLength >= QEMU_CR3 + 8 && cr3.length <= MOST_CPUS)
      cr3.push(hex(u64(data, QEMU_CR3)));
    if (name === "VMCOREINFO")
      release ||=
        /^OSRELEASE=(.{1,80})$/m.exec(ascii(data, 0, Math.min(data.byteLength, 4096)).replaceAll("?", "\n"))?.[1] ?? "";
  }
  return [
    ...(cr3.length > 0
      ? [
          `QEMU's notes: the processors' own page tables (CR3) are at ${cr3.slice(0, MOST_CPUS).join(", ")}${cr3.length > MOST_CPUS ? ", …" : ""}`,
        ]
      : []),
    ...(release === "" ? [] : [`the kernel that ran: ${release}`]),
  ];
}
