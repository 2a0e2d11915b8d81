import { frameField, frameHi, frameLo, type Raw } from "../../format/format.ts";
import { store, storeRun } from "../../radix/entries.ts";
import { type Position, pagesAt } from "../../radix/tree.ts";
import { ACCESS_RWX, type Access, isGrantOrForeign, type P2mType, TYPE } from "../constants.ts";
import type { Domain } from "../domain.ts";
import { iommuRights, type Rights, restrict } from "../rights.ts";
import { EMT_RECALC, effectiveMemoryType, IPAT, NOT_UNIFORM } from "./ept-memory-type.ts";
import { giveSubtree, takeTable } from "./pool.ts";

/* Bits of an EPT entry as Xen uses them (xen-mapping.md 5.1). Those of 63:32 are bits of the high half. */
const SP = 1 << 7;
const ACCESSED = 1 << 8;
const DIRTY = 1 << 9;
const SNP = 1 << 11;
const TYPE_SHIFT = 20;
/** Bits 51:12. */
const ADDRESS_LO = 0xffff_f000;
const ADDRESS_HI = 0x000f_ffff;
export const SUPPRESS_VE = 0x8000_0000;

const accessShift = (domain: Domain): number => (domain.machine.release.eptAccessAt59 ? 27 : 26);

export const typeOf = (_lo: number, hi: number): P2mType => (hi >>> TYPE_SHIFT) & 0x3f;
/** 4.20 and later: bit 58 is paging-write, so the type field is what stays below it. */
export const accessOf = (domain: Domain, _lo: number, hi: number): Access => (hi >>> accessShift(domain)) & 0xf;

export function pointer(domain: Domain, table: number, _level: number): Raw {
  const accessed = domain.machine.eptAd ? ACCESSED : 0;
  return {
    lo: (frameLo(table) | 7 | accessed) >>> 0,
    hi: (frameHi(table) | (ACCESS_RWX << accessShift(domain)) | SUPPRESS_VE) >>> 0,
  };
}

/** R, W, X as bits 1, 2, 4 by type, before the access right restricts them (5.2). */
function typeRights(domain: Domain, type: P2mType, mfn: number): number {
  switch (type) {
    case TYPE.ram_rw:
      return 7;
    case TYPE.mmio_direct:
      return domain.machine.mmioRo.has(mfn) ? 5 : 7;
    case TYPE.ram_logdirty:
    case TYPE.ram_ro:
    case TYPE.ram_shared:
      return 5;
    case TYPE.grant_map_rw:
    case TYPE.map_foreign:
      return 3;
    case TYPE.ioreq_server:
      return 3;
    case TYPE.grant_map_ro:
      return 1;
    default:
      return 0;
  }
}

/** SNP of a leaf (5.1): the host's IOMMU use up to 4.12, the domain's from 4.13 on. */
function snoops({ machine, iommuMode }: Domain): boolean {
  return machine.iommu?.snoopControl === true && (!machine.release.eptSnoopByDomain || iommuMode !== "none");
}

/** Bits that follow from type, access, order and first frame alone: permissions, D, X restriction, SP, SNP. */
function leafBits(domain: Domain, type: P2mType, access: Access, order: number, mfn: number): number {
  const { machine } = domain;
  let rwx = restrict(typeRights(domain, type, mfn), access);
  if (order > 0 && !machine.execSuperpages && !domain.hardwareDomain) rwx &= ~4;
  const dirties = type === TYPE.ram_rw || isGrantOrForeign(type) || type === TYPE.mmio_direct;
  const flags = machine.eptAd && rwx !== 0 ? ACCESSED | ((rwx & 2) !== 0 && dirties ? DIRTY : 0) : 0;
  return rwx | flags | (order > 0 ? SP : 0) | (snoops(domain) ? SNP : 0);
}

/** The new entry of the first of `n` like blocks (5.5 step 5). */
export function compose(
  domain: Domain,
  mfn: number,
  order: number,
  n: number,
  type: P2mType,
  access: Access,
  sve: number,
): Raw {
  const bits = leafBits(domain, type, access, order, mfn);
  const present = (bits & 7) !== 0;
  let memory = 0;
  if (present || !domain.machine.release.emtPresentOnly) {
    const found = effectiveMemoryType(domain, mfn, order, n, type);
    memory = found === NOT_UNIFORM ? EMT_RECALC << 3 : ((found & 7) << 3) | (found & IPAT ? 1 << 6 : 0);
  }
  return {
    lo: (frameLo(mfn) | bits | memory) >>> 0,
    hi: (frameHi(mfn) | (type << TYPE_SHIFT) | (access << accessShift(domain)) | sve) >>> 0,
  };
}

/**
 * The part of a leaf of `level` at `frame`, one level down (5.6): SP only above PT level, SNP and permissions recomputed
 * (X may come back for 4 KiB parts, W may go for read-only frames), everything else inherited.
 */
function part(domain: Domain, lo: number, hi: number, level: number, frame: number): Raw {
  const order = 9 * (level - 2);
  const bits = leafBits(domain, typeOf(lo, hi), accessOf(domain, lo, hi), order, frame);
  const inherited = lo & ~(ADDRESS_LO | 7 | SP | SNP | ACCESSED | DIRTY);
  return { lo: (frameLo(frame) | inherited | bits) >>> 0, hi: ((hi & ~ADDRESS_HI) | frameHi(frame)) >>> 0 };
}

/** Fill a table with the 512 parts of a leaf of `level`. */
function fillWithParts(domain: Domain, words: Uint32Array, lo: number, hi: number, level: number): void {
  const size = pagesAt(level - 1);
  const first = frameField(lo, hi);
  const { mmioRo } = domain.machine;
  for (let i = 0; i < 512; ) {
    const frame = first + i * size;
    const alike = Math.min(512 - i, Math.max(1, Math.floor(mmioRo.alikeFrom(frame) / size)));
    const { lo: l, hi: h } = part(domain, lo, hi, level, frame);
    storeRun(words, i, alike, l, h, size * 4096);
    i += alike;
  }
}

/**
 * Split the leaf at `at` down to `target`. Two levels at once split every part, 1 + 512 tables (5.6). Returns the new
 * table pointer, or null when the pool is dry; what was taken is then given back and the live entry is untouched.
 */
function splitLeaf(domain: Domain, lo: number, hi: number, level: number, target: number): Raw | null {
  const table = takeTable(domain);
  if (table === null) return null;
  domain.ledger.p2mSplits++;
  const { memory } = domain.p2m;
  fillWithParts(domain, memory.words(table), lo, hi, level);
  if (level - 1 > target)
    for (let i = 0; i < 512; i++) {
      const words = memory.words(table);
      const below = splitLeaf(domain, words[2 * i]!, words[2 * i + 1]!, level - 1, target);
      if (below === null) {
        const taken = pointer(domain, table, level - 1);
        giveSubtree(domain, taken.lo, taken.hi, level);
        return null;
      }
      store(memory.words(table), i, below.lo, below.hi);
      domain.ledger.p2mPointers++;
    }
  return pointer(domain, table, level - 1);
}

/** Replace the leaf at a position by a table of its parts; false when the pool is dry. */
export function splitAt(domain: Domain, at: Position, target: number): boolean {
  const to = splitLeaf(domain, at.lo, at.hi, at.level, target);
  if (to === null) return false;
  store(domain.p2m.memory.arena, at.index, to.lo, to.hi);
  domain.ledger.p2mPointers++;
  return true;
}

/** DMA rights that an entry found in the table gives; an empty slot gives none. */
export function rightsOf(domain: Domain, lo: number, hi: number): Rights {
  if (lo === 0 && (hi & 0x7fff_ffff) === 0) return 0;
  return iommuRights(domain.machine, typeOf(lo, hi), accessOf(domain, lo, hi), frameField(lo, hi));
}

/** Ask the CPUs to drop cached translations: one round a lock and unlock, none without a vCPU (5.8). */
export function syncCpus(domain: Domain, rounds: number): void {
  if (domain.vcpus > 0) domain.ledger.tlbFlushes += rounds;
}
