/** `xl dump-core`: page-table-formats.md 8.5. */
import { hex, PAGE_SIZE } from "../address.ts";
import type { Section } from "./elf.ts";
import { notesIn } from "./elf-notes.ts";
import type { Container } from "./image.ts";
import { addSegment, type Segment, segmentContainer } from "./segments.ts";
import { type ByteSource, fail, u64 } from "./source.ts";

const HEADER_NOTE = 0x2000001;
/** Bytes of the frame arrays that are read at once. */
const STEP = 2 ** 20;
const LIMIT = 2 ** 40;

/**
 * A domain's memory by its own frame numbers; of a PV domain by machine frame, since its page tables hold those. Throws
 * ImageError where the sections do not fit together, or the frames are scattered over more than 2^20 ranges.
 */
export function xenCoreContainer(source: ByteSource, sections: readonly Section[]): Container {
  const named = (name: string): Section | undefined => sections.find((section) => section.name === name);
  const pages = named(".xen_pages");
  const pfns = named(".xen_pfn");
  const array = pfns ?? named(".xen_p2m");
  if (!pages || !array) return fail(40, "expected Xen's sections .xen_pages and .xen_pfn or .xen_p2m");
  const note = named(".note.Xen");
  for (const { name, type, data } of note ? notesIn(source, note.offset, note.size) : [])
    if (name === "Xen" && type === HEADER_NOTE && data.byteLength >= 32 && u64(data, 24) !== PAGE_SIZE)
      fail(note!.offset, `expected pages of 4096 bytes, found ${u64(data, 24)}`);

  const entry = pfns ? 8 : 16;
  if (pages.size % PAGE_SIZE !== 0 || pages.size / PAGE_SIZE !== array.size / entry)
    fail(
      array.offset,
      `expected one entry for each of ${Math.floor(pages.size / PAGE_SIZE)} pages, found ${Math.floor(array.size / entry)}`,
    );
  const segments: Segment[] = [];
  let invalid = 0;
  for (let done = 0; done < array.size; ) {
    const offset = array.offset + done;
    const bytes = offset < source.size ? source.read(offset, Math.min(STEP, array.size - done)) : new Uint8Array(0);
    const whole = bytes.length - (bytes.length % entry);
    if (whole === 0) fail(offset, `expected entries of ${array.name}, but the file ends: is it cut off?`);
    const data = new DataView(bytes.buffer, bytes.byteOffset, whole);
    for (let at = 0; at < whole; at += entry) {
      // The machine frame is the second word of a PV entry.
      const frame = u64(data, at + entry - 8);
      if (frame < LIMIT)
        addSegment(segments, frame * PAGE_SIZE, PAGE_SIZE, pages.offset + ((done + at) / entry) * PAGE_SIZE);
      else invalid++;
    }
    done += whole;
  }
  const notes = [
    pfns ? "frames are the domain's own (pfn)" : "a PV domain: frames are machine frames",
    ...(invalid > 0 ? [`${hex(invalid)} pages have no valid frame number`] : []),
  ];
  return segmentContainer(source, "Xen domain core", segments, notes);
}
