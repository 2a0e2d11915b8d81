import { hex } from "../address.ts";
import { type Elf, EM_X86_64, PT_LOAD, PT_NOTE, readElf } from "./elf.ts";
import { notesIn, noteTexts } from "./elf-notes.ts";
import type { Container } from "./image.ts";
import { addSegment, type Segment, segmentContainer } from "./segments.ts";
import { type ByteSource, fail } from "./source.ts";
import { xenCoreContainer } from "./xen-core.ts";

const LIMIT = 2 ** 52;

/**
 * An ELF core: QEMU's dump-guest-memory, kdump's vmcore, and Xen's `xl dump-core`, which has sections instead of program
 * headers (page-table-formats.md 8.2, 8.5). Throws ImageError where the headers are broken or describe no memory.
 */
export function elfContainer(source: ByteSource): Container {
  const elf = readElf(source);
  if (elf.sections.some(({ name }) => name === ".xen_pages")) return xenCoreContainer(source, elf.sections);
  if (!elf.programHeaders.some(({ type }) => type === PT_LOAD))
    fail(32, "expected program headers that describe memory (PT_LOAD), or Xen's section .xen_pages; found neither");
  return loadContainer(source, elf);
}

function loadContainer(source: ByteSource, { machine, programHeaders }: Elf): Container {
  const notes: string[] = [];
  if (machine !== EM_X86_64) notes.push(`the file is of machine type ${machine}, not x86-64 (62)`);
  const segments: Segment[] = [];
  /** Memory beyond what the file holds is zero; it counts only where no other header has bytes. */
  const zeros: Segment[] = [];
  for (const [i, { type, offset, paddr, filesz, memsz }] of programHeaders.entries()) {
    if (type === PT_NOTE) notes.push(...noteTexts(notesIn(source, offset, filesz)));
    if (type !== PT_LOAD) continue;
    if (paddr + Math.max(filesz, memsz) > LIMIT) {
      notes.push(`program header ${i} is left out: it has no physical address (${hex(paddr)})`);
      continue;
    }
    addSegment(segments, paddr, filesz, offset);
    addSegment(zeros, paddr + filesz, memsz - filesz, null);
  }
  return segmentContainer(source, "ELF core", [...segments, ...zeros], notes);
}
