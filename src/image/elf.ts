/** ELF64 headers, as far as memory images need them (page-table-formats.md 8.2, 8.5). */
import { ascii, type ByteSource, fail, u64, view } from "./source.ts";

export interface ProgramHeader {
  readonly type: number;
  readonly offset: number;
  readonly paddr: number;
  readonly filesz: number;
  readonly memsz: number;
}

export interface Section {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

export interface Elf {
  readonly type: number;
  readonly machine: number;
  readonly programHeaders: readonly ProgramHeader[];
  readonly sections: readonly Section[];
}

export const ELF_MAGIC = 0x7f454c46;
export const ET_CORE = 4;
export const EM_X86_64 = 62;
export const PT_LOAD = 1;
export const PT_NOTE = 4;

const HEADER = 64;
const PROGRAM_HEADER = 56;
const SECTION_HEADER = 64;
/** e_phnum of a file that has more: the count is then in section 0. */
const MANY = 0xffff;
/** No machine's memory map is longer. */
const MAX_HEADERS = 2 ** 20;
const MAX_SECTIONS = 4096;
const NAME = 32;

/** Reads all headers. Throws ImageError that names the offset of what is no ELF64 core, is missing or is too much. */
export function readElf(source: ByteSource): Elf {
  const header = view(source, 0, HEADER, "an ELF header");
  if (header.getUint32(0) !== ELF_MAGIC) fail(0, "expected an ELF header");
  if (header.getUint8(4) !== 2 || header.getUint8(5) !== 1)
    fail(4, "expected a 64-bit little-endian ELF file; dump the memory of a 64-bit machine");
  const type = header.getUint16(16, true);
  if (type !== ET_CORE) fail(16, `expected a core file (type 4), found type ${type}`);
  const sectionTable = u64(header, 40);
  const first = sectionTable === 0 ? undefined : view(source, sectionTable, SECTION_HEADER, "section header 0");
  const phnum = header.getUint16(56, true);
  const phcount = phnum === MANY && first ? first.getUint32(44, true) : phnum;
  return {
    type,
    machine: header.getUint16(18, true),
    programHeaders: readProgramHeaders(source, u64(header, 32), header.getUint16(54, true), phcount),
    sections: first ? readSections(source, sectionTable, header, first) : [],
  };
}

function readProgramHeaders(source: ByteSource, table: number, entry: number, count: number): ProgramHeader[] {
  if (count === 0) return [];
  if (entry < PROGRAM_HEADER) fail(54, `expected program headers of ${PROGRAM_HEADER} bytes, found ${entry}`);
  if (count > MAX_HEADERS) fail(56, `expected at most ${MAX_HEADERS} program headers, found ${count}`);
  const headers: ProgramHeader[] = [];
  for (let i = 0; i < count; i++) {
    const data = view(source, table + i * entry, PROGRAM_HEADER, `program header ${i}`);
    headers.push({
      type: data.getUint32(0, true),
      offset: u64(data, 8),
      paddr: u64(data, 24),
      filesz: u64(data, 32),
      memsz: u64(data, 40),
    });
  }
  return headers;
}

function readSections(source: ByteSource, table: number, header: DataView, first: DataView): Section[] {
  const entry = header.getUint16(58, true);
  if (entry < SECTION_HEADER) fail(58, `expected section headers of ${SECTION_HEADER} bytes, found ${entry}`);
  const count = header.getUint16(60, true) || u64(first, 32);
  if (count > MAX_SECTIONS) fail(60, `expected at most ${MAX_SECTIONS} sections, found ${count}`);
  const index = header.getUint16(62, true);
  const names = index === MANY ? first.getUint32(40, true) : index;
  if (count === 0 || names === 0) return [];
  if (names >= count) fail(62, `expected the index of one of ${count} sections, found ${names}`);
  const nameTable = u64(view(source, table + names * entry, SECTION_HEADER, "the section names' header"), 24);
  return Array.from({ length: count }, (_, i) => {
    const data = view(source, table + i * entry, SECTION_HEADER, `section header ${i}`);
    const at = nameTable + data.getUint32(0, true);
    const bytes = at < source.size ? source.read(at, NAME) : new Uint8Array(0);
    const name = ascii(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
    return { name, offset: u64(data, 24), size: u64(data, 32) };
  });
}
