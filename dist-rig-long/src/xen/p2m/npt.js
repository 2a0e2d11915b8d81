import { EMPTY, frameField, frameHi, frameLo, LEAF, TABLE } from "../../format/format.js";
import { fillWithParts } from "../../radix/edit.js";
import { store, storeRun, storeSame } from "../../radix/entries.js";
import { newPosition, walk } from "../../radix/tree.js";
import { ACCESS_RWX, ERRNO, GFN_LIMIT, TYPE } from "../constants.js";
import { mirror } from "../iommu/mirror.js";
import { iommuRights, READ, WRITE } from "../rights.js";
import { NONE } from "./backend.js";
import { giveSubtree, takeTable } from "./pool.js";
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
const typeOf = (_lo, hi) => (hi >>> TYPE_SHIFT) & 0x7f;
/** Up to 4.12 entries carry AMD-Vi bits whenever the global sharing flag is set: AMD without IOMMU, shadow on Intel. */
const carriesIommuBits = ({ machine }) => !machine.release.nptWithoutIommuBits && machine.sharesTables;
function pointer(domain, table, level) {
    const shared = carriesIommuBits(domain);
    return {
        lo: (frameLo(table) | 0x67 | (shared ? level << 9 : 0)) >>> 0,
        hi: (frameHi(table) | (shared ? IOMMU_READ | IOMMU_WRITE : 0)) >>> 0,
    };
}
/** Low flags and NX by type (6.1); `mfn` decides whether direct MMIO is read-only. */
function typeFlags(domain, type, mfn) {
    switch (type) {
        case TYPE.ram_rw:
            return { lo: BASE | RW, hi: 0 };
        case TYPE.ram_ro:
        case TYPE.ram_logdirty:
        case TYPE.ram_shared:
            return { lo: BASE, hi: 0 };
        case TYPE.grant_map_rw:
        case TYPE.map_foreign:
        case TYPE.ioreq_server:
            return { lo: BASE | RW, hi: NX };
        case TYPE.grant_map_ro:
            return { lo: BASE, hi: NX };
        case TYPE.mmio_direct:
            return domain.machine.mmioRo.has(mfn) ? { lo: BASE | PCD | PWT, hi: 0 } : { lo: BASE | RW | PCD, hi: 0 };
        default:
            return { lo: 0, hi: NX };
    }
}
/** Direct MMIO, PoD and paging types may name frames that are not mfn-valid (6.3 step 7). */
const needsNoValidFrame = (type) => type === TYPE.mmio_direct || type === TYPE.populate_on_demand || (type >= TYPE.paging_out && type <= TYPE.paging_in);
function compose(domain, mfn, order, type, access) {
    if (!domain.machine.ram.has(mfn) && !needsNoValidFrame(type))
        return { lo: 0, hi: 0 };
    const flags = typeFlags(domain, type, mfn);
    const rights = carriesIommuBits(domain) ? iommuRights(domain.machine, type, access, mfn) : 0;
    const iommu = (rights & READ ? IOMMU_READ : 0) | (rights & WRITE ? IOMMU_WRITE : 0);
    return {
        lo: (frameLo(mfn) | flags.lo | (order > 0 && flags.lo & PRESENT ? PSE : 0)) >>> 0,
        hi: (frameHi(mfn) | flags.hi | (type << TYPE_SHIFT) | iommu) >>> 0,
    };
}
/** The new table holds the old leaf's flags, PSE dropped and PAT moved at the last level (6.4). */
function splitAt(domain, at) {
    const table = takeTable(domain);
    if (table === null)
        return false;
    const { ledger, p2m } = domain;
    ledger.p2mSplits++;
    const toPages = at.level === 2;
    const lo = toPages ? (at.lo & ~PSE & ~PAT_SUPER) | (at.lo & PAT_SUPER ? PAT_4K : 0) : at.lo;
    fillWithParts(p2m.memory.words(table), { lo: lo >>> 0, hi: at.hi }, at.level);
    const to = pointer(domain, table, at.level - 1);
    store(at.words, at.index, to.lo, to.hi);
    ledger.p2mPointers++;
    return true;
}
/** Rights that an existing entry gives a device, told from its flags (6.3 step 9). */
function rightsOf(lo) {
    if ((lo & PRESENT) === 0)
        return 0;
    return lo & RW ? 3 : 1;
}
/** One flush round a store over a present entry, up to 4.21; 4.22 collects them until the unlock (6.6). */
function flushes(domain, storesOverPresent, blocks) {
    if (!domain.hap || domain.vcpus === 0 || storesOverPresent === 0)
        return;
    domain.ledger.tlbFlushes += domain.machine.release.nptFlushAtUnlock
        ? Math.min(storesOverPresent, blocks)
        : storesOverPresent;
}
const at = newPosition();
/** Write `n` like blocks (xen-mapping.md 6.3). */
function write(domain, gfn, mfn, order, n, type, access) {
    const { ledger, machine, p2m } = domain;
    const size = 2 ** order;
    const level = order / 9 + 1;
    if (gfn >= GFN_LIMIT) {
        ledger.setEntries++;
        ledger.recalcWalks++;
        return ERRNO.ENOENT;
    }
    let splits = 0;
    for (;;) {
        walk(p2m, gfn, level, at);
        if (at.level === level)
            break;
        if (at.kind === LEAF) {
            if (splitAt(domain, at)) {
                splits++;
                continue;
            }
        }
        else {
            const table = takeTable(domain);
            if (table !== null) {
                const to = pointer(domain, table, at.level - 1);
                store(at.words, at.index, to.lo, to.hi);
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
    const { words, index, lo: oldLo, hi: oldHi, kind } = at;
    const removing = mfn === NONE;
    const oldPresent = (oldLo & PRESENT) !== 0;
    if (removing)
        storeSame(words, index, n, 0, 0);
    else {
        const first = compose(domain, mfn, order, type, access);
        storeRun(words, index, n, first.lo, first.hi, size * 4096);
    }
    flushes(domain, splits + (oldPresent ? n : 0), n);
    if (type !== TYPE.invalid)
        domain.highestGfn = Math.max(domain.highestGfn, gfn + n * size - 1);
    let rc = 0;
    if (domain.iommuMode === "sync") {
        const rights = removing ? 0 : iommuRights(machine, type, access, mfn);
        // An empty PT slot counts as frame 0 without rights; an empty slot above as no frame at all; a table as "different".
        const oldFrame = kind === EMPTY && order > 0 ? NONE : kind === TABLE ? Number.NaN : frameField(oldLo, oldHi);
        if (rights !== rightsOf(oldLo) || oldFrame !== mfn || kind === TABLE)
            rc = mirror(domain, gfn, mfn, order, n, rights, oldPresent);
    }
    if (kind === TABLE)
        giveSubtree(domain, oldLo, oldHi, level);
    return rc;
}
const accessOf = () => ACCESS_RWX;
const isMarked = () => false;
export const NPT_BACKEND = { typeOf, accessOf, pointer, isMarked, write };
