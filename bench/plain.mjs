/**
 * bench/c/tables.c's loop, page by page, in plain JavaScript: the same walks, checks, stores and counters, no model. What it
 * costs beside the C program is what the language costs; what the model costs beside it is the model's.
 */
import { processorTime } from "./model.mjs";

const POOL_BASE = 0x1000;
const MFN_BASE = 0x38000000;
const GFN = 0x1000000;
const BUDGET = 64;
const READ_ONLY = [{ start: 0x1000, end: 0x1002 }];
const PERMITTED = [{ start: 0, end: 2 ** 40 }];
/** Not constants, as in the C program. */
const host = { has2m: true, hap: true, shared: false, guards: true };

let views = [];
let slab;
let highest = 0;
let ledger;
const at = { words: new Uint32Array(0), index: 0, lo: 0, hi: 0 };

function take() {
  if ((views.length & 511) === 0) slab = new Uint32Array(512 * 1024);
  const offset = (views.length & 511) * 1024;
  return POOL_BASE + views.push(slab.subarray(offset, offset + 1024)) - 1;
}

const frameOf = (lo, hi) => (hi & 0xfffff) * 0x100000 + (lo >>> 12);

function store(frame, low, high) {
  at.words[2 * at.index] = ((frame << 12) | low) >>> 0;
  at.words[2 * at.index + 1] = (frame * 2 ** -20) | high;
}

function walk(root, frame) {
  let words = views[root - POOL_BASE];
  const low = frame >>> 0;
  const high = (frame * 2 ** -27) >>> 0;
  for (let level = 4; ; level--) {
    const index = (level <= 3 ? low >>> (9 * (level - 1)) : high) & 511;
    const lo = words[2 * index];
    const hi = words[2 * index + 1];
    if (level === 1 || (lo & 1) === 0 || (lo & 0x80) !== 0) {
      at.words = words;
      at.index = index;
      at.lo = lo;
      at.hi = hi;
      return level;
    }
    words = views[frameOf(lo, hi) - POOL_BASE];
  }
}

const overlaps = (ranges, start, pages) => ranges.some((r) => r.start < start + pages && start < r.end);
const contains = (ranges, start, pages) => ranges.some((r) => r.start <= start && start + pages <= r.end);

function order(gfn, mfn, left) {
  ledger.decisions++;
  if (!host.hap || !host.shared || !host.has2m) return 0;
  return ((gfn | mfn) & 511) === 0 && left >= 512 ? 9 : 0;
}

/** Walks to the slot, making tables; counts them under `tables` and `pointers`. */
function reach(root, frame, tables, pointers) {
  while (walk(root, frame) > 1) {
    store(take(), 7, 0);
    ledger[tables]++;
    ledger[pointers]++;
  }
}

function mapOne(p2m, iommu, gfn, mfn, left) {
  const wanted = order(gfn, mfn, left);
  if (wanted > 0) {
    ledger.readOnlyTests++;
    if (overlaps(READ_ONLY, mfn, 2 ** wanted)) ledger.retries++;
  }
  ledger.locks++;
  ledger.lookups++;
  if (gfn <= highest) {
    walk(p2m, gfn);
    if ((at.lo & 1) !== 0 && host.guards) return false;
  }
  ledger.setEntries++;
  ledger.recalcWalks++;
  walk(p2m, gfn);
  reach(p2m, gfn, "p2mTables", "p2mPointers");
  const { lo: oldLo, hi: oldHi } = at;
  store(mfn, 7, 5 << 20);
  ledger.p2mEntries++;
  if (gfn > highest) highest = gfn;
  if ((oldLo & 1) !== 0) ledger.tlbFlushes++;
  if ((oldLo & 1) !== 0 && frameOf(oldLo, oldHi) === mfn) return true;
  ledger.mapCalls++;
  ledger.vendorCalls++;
  reach(iommu, gfn, "iommuTables", "iommuPointers");
  const { lo, hi } = at;
  if ((lo & 3) === 3 && frameOf(lo, hi) === mfn) return true;
  store(mfn, 3, 0);
  ledger.iommuEntries++;
  ledger.iotlbFlushes++;
  if ((lo & 1) !== 0) ledger.iotlbCommands++;
  return true;
}

function call(p2m, iommu, gfn, mfn, left) {
  ledger.hypercalls++;
  if (!contains(PERMITTED, mfn, left)) throw new Error("not permitted");
  let done = 0;
  for (; done < left && done < BUDGET; done++) {
    if (!mapOne(p2m, iommu, gfn + done, mfn + done, left - done)) throw new Error("refused");
    ledger.iterations++;
  }
  if (done < left) ledger.positiveReturns++;
  return done;
}

const KINDS =
  "decisions readOnlyTests retries locks lookups setEntries recalcWalks p2mEntries p2mTables p2mPointers tlbFlushes mapCalls vendorCalls iommuEntries iommuTables iommuPointers iotlbFlushes iotlbCommands hypercalls iterations positiveReturns";
const BLANK = Object.fromEntries(KINDS.split(" ").map((kind) => [kind, 0]));

/** Map `pages` pages in both trees. Returns nanoseconds of processor time. */
export function inPlainJavaScript(pages) {
  views = [];
  highest = 0;
  ledger = { ...BLANK };
  const time = processorTime(() => {
    const p2m = take();
    const iommu = take();
    for (let done = 0; done < pages; ) done += call(p2m, iommu, GFN + done, MFN_BASE + done, pages - done);
  });
  if (ledger.p2mEntries !== pages || ledger.iommuEntries !== pages) throw new Error("not every page has its entry");
  return time;
}
