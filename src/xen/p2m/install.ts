import { type Mfn, pagesOf } from "../../address.ts";
import { ACCESS_RWX, type Access, ERRNO, isGrantOrForeign, isRam, TYPE } from "../constants.ts";
import { crash, type Domain, isTranslated, logHasRoom, logLine } from "../domain.ts";
import { NONE } from "./backend.ts";
import { alikeBlocks, type Found, lookUp } from "./lookup.ts";
import { setEntries } from "./write.ts";

/**
 * What one call for a stretch of blocks did: blocks done when `rc` is 0; a positive `rc` asks for a retry at order
 * rc - 1; a negative one is an error of the first block. Reused between calls.
 */
export interface BlockResult {
  blocks: number;
  rc: number;
}

const result: BlockResult = { blocks: 0, rc: 0 };
const answer = (blocks: number, rc: number): BlockResult => {
  result.blocks = blocks;
  result.rc = rc;
  return result;
};

const hex = (n: number): string => `0x${n.toString(16)}`;

/** Go on and write, nothing to do, or what to return: an order to retry at, plus 1, or an error. */
type Verdict = "write" | "no-op" | number;

/** What an existing entry means for a new one (xen-mapping.md 3.2 steps 5 and 6). */
function judge(domain: Domain, found: Found, gfn: number, mfn: number, order: number, access: Access): Verdict {
  const { release } = domain.machine;
  if (found.order < order) return found.order + 1;
  const isMmio = found.type === TYPE.mmio_direct;
  if (!isGrantOrForeign(found.type) && !(isMmio && release.guardsDirectMmio)) return "write";
  if (release.toleratesIdentical) {
    if (isMmio && found.mfn === mfn) return found.access === access ? "no-op" : "write";
    // Types and access rights are printed as numbers (seen on real Xen 4.17).
    const was = `${hex(found.mfn)},${found.order},${found.type},${found.access}`;
    const wanted = `${hex(mfn)},${order},${TYPE.mmio_direct},${access}`;
    logLine(domain, `d${domain.id}: GFN ${hex(gfn)} (${was}) -> (${wanted}) not permitted`);
  }
  crash(domain);
  return release.guardsDirectMmio ? ERRNO.EPERM : ERRNO.ENOENT;
}

/**
 * Install up to `limit` consecutive blocks of direct MMIO of 2^order frames (xen-mapping.md 3.2), as many as meet the
 * same situation.
 */
export function installMmio(
  domain: Domain,
  gfn: number,
  mfn: number,
  order: number,
  limit: number,
  access: Access = ACCESS_RWX,
): BlockResult {
  const { ledger, machine } = domain;
  const pages = pagesOf(order);
  if (order > 0 && machine.mmioRo.overlaps(mfn, pages)) {
    ledger.readOnlyTests++;
    return answer(0, 1);
  }
  if (!isTranslated(domain)) return answer(0, ERRNO.EIO);
  const found = lookUp(domain, gfn);
  const verdict = judge(domain, found, gfn, mfn, order, access);
  let rc = 0;
  let n = 1;
  if (typeof verdict === "number") rc = verdict;
  else {
    n = alikeBlocks(domain, found, gfn, mfn, order, limit);
    if (verdict === "write") rc = replace(domain, found, gfn, mfn, order, n, access);
  }
  const attempts = rc === 0 ? n : 1;
  if (order > 0) ledger.readOnlyTests += attempts;
  ledger.locks += attempts;
  ledger.lookups += attempts;
  return answer(rc === 0 ? n : 0, rc);
}

/** Write `n` like blocks over what was found, and account for guest RAM that this replaces (3.2 steps 7 to 9). */
function replace(
  domain: Domain,
  found: Found,
  gfn: number,
  mfn: number,
  order: number,
  n: number,
  access: Access,
): number {
  const pages = pagesOf(order);
  const { m2pAfterWrite } = domain.machine.release;
  const replaced = isRam(found.type) ? found.mfn : NONE;
  if (!m2pAfterWrite) forgetRam(domain, replaced, n * pages);
  const rc = setEntries(domain, gfn, mfn, order, n, TYPE.mmio_direct, access);
  if (rc < 0) logLine(domain, `p2m_set_entry: ${hex(gfn)}:${order} -> ${rc} (${hex(mfn)})`);
  if (!m2pAfterWrite) return rc;
  if (rc === 0) forgetRam(domain, replaced, n * pages);
  else if (order > 0) forgetWritten(domain, gfn, mfn, replaced, pages);
  return rc;
}

/** The frames no longer back guest memory; they stay allocated to the domain (3.2 step 7). */
function forgetRam(domain: Domain, mfn: number, pages: number): void {
  if (mfn === NONE) return;
  domain.m2p.invalidate(mfn as Mfn, pages);
  domain.ledger.m2pUpdates += pages;
}

/** After a failed write above order 0, the frames that are the new ones all the same are accounted one by one (3.2 step 9). */
function forgetWritten(domain: Domain, gfn: number, mfn: number, replaced: number, pages: number): void {
  domain.ledger.lookups += pages;
  if (replaced === NONE) return;
  for (let i = 0; i < pages; i++) {
    const now = lookUp(domain, gfn + i);
    if (now.type === TYPE.mmio_direct && now.mfn === mfn + i) forgetRam(domain, replaced + i, 1);
  }
}

/** Remove up to `limit` consecutive blocks of direct MMIO of 2^order frames (xen-mapping.md 3.3). */
export function removeMmio(domain: Domain, gfn: number, mfn: number, order: number, limit: number): BlockResult {
  const { ledger } = domain;
  if (!isTranslated(domain)) return answer(0, ERRNO.EIO);
  const found = lookUp(domain, gfn);
  let rc = 0;
  let n = 1;
  if (found.order < order) rc = found.order + 1;
  else if (found.mfn === NONE || found.type !== TYPE.mmio_direct) {
    logLine(domain, `gfn_to_mfn failed! gfn=${gfn.toString(16).padStart(8, "0")} type:${found.type}`);
    rc = ERRNO.EINVAL;
  } else {
    n = alikeBlocks(domain, found, gfn, NONE, order, limit);
    if (found.mfn !== mfn) logMismatches(domain, gfn, mfn, pagesOf(order), n);
    rc = setEntries(domain, gfn, NONE, order, n, TYPE.invalid, ACCESS_RWX);
  }
  const attempts = rc === 0 ? n : 1;
  ledger.locks += attempts;
  ledger.lookups += attempts;
  return answer(rc === 0 ? n : 0, rc);
}

/** A debug line a block: the caller's frame is not the one mapped, which is removed all the same (3.3 step 5). */
function logMismatches(domain: Domain, gfn: number, mfn: number, pages: number, n: number): void {
  for (let done = 0; done < n * pages && logHasRoom(domain); done += pages)
    logLine(domain, `no mapping between mfn ${(mfn + done).toString(16)} and gfn ${(gfn + done).toString(16)}`);
}
