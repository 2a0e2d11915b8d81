import { pagesOf } from "../../address.ts";
import { EMPTY, frameField, frameHi, frameLo, LEAF, type Raw, TABLE } from "../../format/format.ts";
import { P2M_TYPES } from "../../format/software-bits.ts";
import { fillWithParts } from "../../radix/edit.ts";
import { store, storeRun, storeSame } from "../../radix/entries.ts";
import { newPosition, type Position, placeOf } from "../../radix/tree.ts";
import { ACCESS_RWX, type Access, ERRNO, GFN_LIMIT, isRam, type P2mType, TYPE } from "../constants.ts";
import type { Domain } from "../domain.ts";
import { mirror } from "../iommu/mirror.ts";
import { iommuRights, READ, type Rights, WRITE } from "../rights.ts";
import { NONE, type P2mBackend } from "./backend.ts";
import { giveSubtree, takeTable } from "./pool.ts";

/* Bits of an entry in x86-64 format as Xen uses them (xen-mapping.md 6.1). */
const PRESENT = 1;
const RW = 2;
const PWT = 1 << 3;
const PCD = 1 << 4;
const PSE = 1 << 7;
/** P US A D: what every present leaf has. */
const BASE = 0x65;
const TYPE_SHIFT = 20;
const NX = 0x8000_0000;
/** PAT in a 4 KiB leaf and in a superpage. */
const PAT_4K = 1 << 7;
const PAT_SUPER = 1 << 12;
/** AMD-Vi rights in bits 62:61 (6.2). */
const IOMMU_READ = 1 << 29;
const IOMMU_WRITE = 1 << 30;

const typeOf = (_lo: number, hi: number): P2mType => (hi >>> TYPE_SHIFT) & 0x7f;

/** Up to 4.12 entries carry AMD-Vi bits whenever the global sharing flag is set: AMD without IOMMU, shadow on Intel. */
const carriesIommuBits = ({ machine }: Domain): boolean => !machine.release.nptWithoutIommuBits && machine.sharesTables;

function pointer(domain: Domain, table: number, level: number): Raw {
  const shared = carriesIommuBits(domain);
  return {
    lo: (frameLo(table) | 0x67 | (shared ? level << 9 : 0)) >>> 0,
    hi: (frameHi(table) | (shared ? IOMMU_READ | IOMMU_WRITE : 0)) >>> 0,
  };
}

/** Low flags by type (6.1); types that are not named are not present. Read-only direct MMIO has flags of its own. */
const LOW_FLAGS: readonly number[] = P2M_TYPES.map((name) => {
  switch (name) {
    case "ram_rw":
    case "grant_map_rw":
    case "map_foreign":
    case "ioreq_server":
      return BASE | RW;
    case "ram_ro":
    case "ram_logdirty":
    case "ram_shared":
    case "grant_map_ro":
      return BASE;
    case "mmio_direct":
      return BASE | RW | PCD;
    default:
      return 0;
  }
});
const READ_ONLY_MMIO = BASE | PCD | PWT;
/** Guest RAM and direct MMIO may be executed, all else not. */
const isExecutable = (type: P2mType): boolean => isRam(type) || type === TYPE.mmio_direct;

/** Direct MMIO, PoD and paging types may name frames that are not mfn-valid (6.3 step 7). */
const needsNoValidFrame = (type: P2mType): boolean =>
  type === TYPE.mmio_direct || type === TYPE.populate_on_demand || (type >= TYPE.paging_out && type <= TYPE.paging_in);

function compose(domain: Domain, mfn: number, order: number, type: P2mType, access: Access): Raw {
  if (!domain.machine.ram.has(mfn) && !needsNoValidFrame(type)) return { lo: 0, hi: 0 };
  const readOnly = type === TYPE.mmio_direct && domain.machine.mmioRo.has(mfn);
  const low = readOnly ? READ_ONLY_MMIO : (LOW_FLAGS[type] ?? 0);
  const rights = carriesIommuBits(domain) ? iommuRights(domain.machine, type, access, mfn) : 0;
  const iommu = (rights & READ ? IOMMU_READ : 0) | (rights & WRITE ? IOMMU_WRITE : 0);
  return {
    lo: (frameLo(mfn) | low | (order > 0 && low & PRESENT ? PSE : 0)) >>> 0,
    hi: (frameHi(mfn) | (isExecutable(type) ? 0 : NX) | (type << TYPE_SHIFT) | iommu) >>> 0,
  };
}

/** The new table holds the old leaf's flags, PSE dropped and PAT moved at the last level (6.4). */
function splitAt(domain: Domain, at: Position): boolean {
  const table = takeTable(domain);
  if (table === null) return false;
  const { ledger, p2m } = domain;
  ledger.p2mSplits++;
  const toPages = at.level === 2;
  const lo = toPages ? (at.lo & ~PSE & ~PAT_SUPER) | (at.lo & PAT_SUPER ? PAT_4K : 0) : at.lo;
  fillWithParts(p2m.memory.words(table), { lo: lo >>> 0, hi: at.hi }, at.level);
  const to = pointer(domain, table, at.level - 1);
  store(p2m.memory.arena, at.index, to.lo, to.hi);
  ledger.p2mPointers++;
  return true;
}

/** Rights that an existing entry gives a device, told from its flags (6.3 step 9). */
function rightsOf(lo: number): Rights {
  if ((lo & PRESENT) === 0) return 0;
  return lo & RW ? 3 : 1;
}

/** One flush round a store over a present entry, up to 4.21; 4.22 collects them until the unlock (6.6). */
function flushes(domain: Domain, storesOverPresent: number, blocks: number): void {
  if (!domain.hap || domain.vcpus === 0 || storesOverPresent === 0) return;
  domain.ledger.tlbFlushes += domain.machine.release.nptFlushAtUnlock
    ? Math.min(storesOverPresent, blocks)
    : storesOverPresent;
}

const at = newPosition();

/** Write `n` like blocks (xen-mapping.md 6.3). */
function write(
  domain: Domain,
  gfn: number,
  mfn: number,
  order: number,
  n: number,
  type: P2mType,
  access: Access,
): number {
  const { ledger, machine, p2m } = domain;
  const size = pagesOf(order);
  const level = order / 9 + 1;
  if (gfn >= GFN_LIMIT) {
    ledger.setEntries++;
    ledger.recalcWalks++;
    return ERRNO.ENOENT;
  }
  let splits = 0;
  let place = placeOf(p2m, gfn, level, at);
  for (; place < 0; place = placeOf(p2m, gfn, level, at)) {
    if (at.kind === LEAF) {
      if (splitAt(domain, at)) {
        splits++;
        continue;
      }
    } else {
      const table = takeTable(domain);
      if (table !== null) {
        const to = pointer(domain, table, at.level - 1);
        store(p2m.memory.arena, at.index, to.lo, to.hi);
        ledger.p2mPointers++;
        continue;
      }
    }
    ledger.setEntries++;
    ledger.recalcWalks++;
    flushes(domain, splits, 1);
    return ERRNO.ENOMEM;
  }
  ledger.setEntries += n;
  ledger.recalcWalks += n;
  ledger.p2mEntries += n;
  const { arena } = p2m.memory;
  const oldLo = arena[2 * place]!;
  const oldHi = arena[2 * place + 1]!;
  // Of a PT slot nobody asks: an empty one counts as frame 0 without rights.
  const kind = order > 0 ? p2m.format.kindOf(oldLo, oldHi, level) : LEAF;
  const removing = mfn === NONE;
  const oldPresent = (oldLo & PRESENT) !== 0;
  if (removing) storeSame(arena, place, n, 0, 0);
  else {
    const first = compose(domain, mfn, order, type, access);
    storeRun(arena, place, n, first.lo, first.hi, size * 4096);
  }
  flushes(domain, splits + (oldPresent ? n : 0), n);
  if (type !== TYPE.invalid) domain.highestGfn = Math.max(domain.highestGfn, gfn + n * size - 1);
  let rc = 0;
  if (domain.iommuMode === "sync") {
    const rights = removing ? 0 : iommuRights(machine, type, access, mfn);
    // An empty slot above counts as no frame at all; a table as "different".
    const oldFrame = kind === EMPTY ? NONE : kind === TABLE ? Number.NaN : frameField(oldLo, oldHi);
    if (rights !== rightsOf(oldLo) || oldFrame !== mfn || kind === TABLE)
      rc = mirror(domain, gfn, mfn, order, n, rights, oldPresent);
  }
  if (kind === TABLE) giveSubtree(domain, oldLo, oldHi, level);
  return rc;
}

const accessOf = (): Access => ACCESS_RWX;
const isMarkedOnWay = (): boolean => false;

export const NPT_BACKEND: P2mBackend = { typeOf, accessOf, pointer, isMarkedOnWay, write };
