import { type Mfn, PAGE_SIZE } from "../src/address.ts";
import type { FrameReader } from "../src/memory/memory.ts";
import type { FrameRange } from "../src/ranges.ts";
import type { XenSymbols } from "./fetch-xen.ts";
import type { Ram } from "./ram.ts";
import type { Offsets } from "./releases.ts";

/** The page-table roots of a domain, read from the hypervisor's own structures (rig.md 4). */
export interface DomainRoots {
  readonly id: number;
  readonly p2m: Mfn | null;
  readonly iommu: { readonly root: Mfn; readonly levels: number } | null;
}

/** High halves of the direct map's and of the frame table's first address. */
const DIRECT_MAP = 0xffff8300;
const FRAME_TABLE = 0xffff82e0;
/** Bytes of a frame's structure in the frame table. */
const FRAME_INFO = 32;
/** An image is aligned to 2 MiB. */
const IMAGE_STEP = 0x200;
/** More domains than ever stand in a round: a longer list is a circle. */
const MAX_DOMAINS = 8192;

interface Word {
  readonly lo: number;
  readonly hi: number;
}

/** Reads one 64-bit word at a byte address that is a multiple of 8. */
function readWord(reader: FrameReader, address: number): Word | undefined {
  const words = reader.frame(Math.floor(address / PAGE_SIZE) as Mfn);
  const index = (address % PAGE_SIZE) / 4;
  return words && { lo: words[index]!, hi: words[index + 1]! };
}

/** The byte address that a pointer into a region of up to 16 TiB means; undefined when it does not point there. */
function offsetIn(region: number, word: Word | undefined): number | undefined {
  const distance = word === undefined ? -1 : word.hi - region;
  return word === undefined || distance < 0 || distance >= 0x1000 ? undefined : distance * 2 ** 32 + word.lo;
}

/** Where the hypervisor's image lies: the word at xen_phys_start is its own base. Undefined when it is nowhere. */
export function findImage(ram: Ram, symbols: Pick<XenSymbols, "physStart">): number | undefined {
  const last = Math.min(ram.end, 2 ** 20);
  for (let base = last - (last % IMAGE_STEP); base > 0; base -= IMAGE_STEP) {
    const word = readWord(ram, base * PAGE_SIZE + symbols.physStart);
    if (word?.hi === 0 && word.lo === base * PAGE_SIZE) return base * PAGE_SIZE;
  }
  return undefined;
}

const framesBetween = (first: number, end: number): FrameRange => ({
  start: Math.floor(first / PAGE_SIZE),
  end: Math.ceil(end / PAGE_SIZE),
});

/** Megabyte that early boot allocates from. */
const BOOT_ALLOCATOR = 2 ** 20;

/** Frames that the hypervisor keeps to itself: its image without what only boot needs, and what starts processors. */
export function hypervisorFrames(
  reader: FrameReader,
  image: number,
  symbols: XenSymbols,
): { readonly ownFrames: readonly FrameRange[]; readonly bootAllocator: FrameRange } {
  const trampoline = readWord(reader, image + symbols.trampolineAt)?.lo ?? 0;
  const bytes = symbols.trampolineEnd - symbols.trampolineStart;
  const allocator = image + symbols.bootAllocator;
  return {
    ownFrames: [
      framesBetween(trampoline, trampoline + bytes),
      framesBetween(image + symbols.textStart, image + symbols.constantsEnd),
      framesBetween(image + symbols.dataStart, image + symbols.end),
    ],
    bootAllocator: framesBetween(allocator, allocator + BOOT_ALLOCATOR),
  };
}

function iommuOf(
  reader: FrameReader,
  domain: number,
  offsets: Offsets,
  format: "amdvi" | "vtd" | null,
): DomainRoots["iommu"] {
  if (format === "amdvi") {
    const info = offsetIn(FRAME_TABLE, readWord(reader, domain + offsets.amdRoot));
    const levels = readWord(reader, domain + offsets.amdLevels)?.lo ?? 0;
    return info === undefined ? null : { root: (info / FRAME_INFO) as Mfn, levels };
  }
  if (format === "vtd") {
    const root = readWord(reader, domain + offsets.vtdRoot);
    const width = readWord(reader, domain + offsets.vtdWidth)?.lo ?? 0;
    if (root === undefined || (root.lo === 0 && root.hi === 0)) return null;
    // The adjusted guest address width: 1 is 3 levels, 2 is 4, 3 is 5.
    return { root: ((root.hi * 2 ** 32 + root.lo) / PAGE_SIZE) as Mfn, levels: width + 2 };
  }
  return null;
}

function p2mOf(reader: FrameReader, domain: number, offsets: Offsets): Mfn | null {
  const p2m = offsetIn(DIRECT_MAP, readWord(reader, domain + offsets.p2m));
  const root = p2m === undefined ? undefined : readWord(reader, p2m + offsets.p2mRootMfn);
  return root === undefined || root.lo === 0 ? null : (root.lo as Mfn);
}

/**
 * All domains on the hypervisor's list, in its order (by id). Throws when the list leaves memory or does not end: then
 * the offsets are another build's.
 */
export function readDomains(
  reader: FrameReader,
  image: number,
  symbols: Pick<XenSymbols, "domainList">,
  offsets: Offsets,
  iommuFormat: "amdvi" | "vtd" | null,
): DomainRoots[] {
  const domains: DomainRoots[] = [];
  let pointer = readWord(reader, image + symbols.domainList);
  while (pointer !== undefined && (pointer.lo !== 0 || pointer.hi !== 0)) {
    const domain = offsetIn(DIRECT_MAP, pointer);
    const head = domain === undefined ? undefined : readWord(reader, domain);
    if (domain === undefined || head === undefined || domains.length === MAX_DOMAINS)
      throw new Error("the hypervisor's list of domains cannot be followed: are these its offsets?");
    domains.push({
      id: head.lo & 0xffff,
      p2m: p2mOf(reader, domain, offsets),
      iommu: iommuOf(reader, domain, offsets, iommuFormat),
    });
    pointer = readWord(reader, domain + offsets.nextDomain);
  }
  if (pointer === undefined) throw new Error("the hypervisor's list of domains lies outside its memory");
  return domains;
}
