import type { Mfn } from "../../address.ts";
import {
  ACCESS_NAMES,
  ACCESS_RWX,
  type Access,
  ERRNO,
  isGrantOrForeign,
  isRam,
  P2M_TYPES,
  TYPE,
} from "../constants.ts";
import { crash, type Domain, isTranslated, logLine } from "../domain.ts";
import { NONE } from "./backend.ts";
import { type Found, lookUp, stretchLength } from "./lookup.ts";
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

/** What an existing entry means for a new one (xen-mapping.md 3.2 step 6): go on, nothing to do, or an error. */
type Guard = "go-on" | "no-op" | number;

function guard(domain: Domain, found: Found, gfn: number, mfn: number, order: number, access: Access): Guard {
  const { release } = domain.machine;
  const isMmio = found.type === TYPE.mmio_direct;
  if (!isGrantOrForeign(found.type) && !(isMmio && release.guardsDirectMmio)) return "go-on";
  if (release.toleratesIdentical) {
    if (isMmio && found.mfn === mfn) return found.access === access ? "no-op" : "go-on";
    const was = `${hex(found.mfn)},${found.order},${P2M_TYPES[found.type]},${ACCESS_NAMES[found.access]}`;
    const wanted = `${hex(mfn)},${order},mmio_direct,${ACCESS_NAMES[access]}`;
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
  const pages = 2 ** order;
  if (order > 0 && machine.mmioRo.overlaps(mfn, pages)) {
    ledger.readOnlyTests++;
    return answer(0, 1);
  }
  if (!isTranslated(domain)) return answer(0, ERRNO.EIO);
  const n = stretchLength(domain, gfn, mfn, order, limit);
  const found = lookUp(domain, gfn);
  const attempts = found.order < order ? 1 : n;
  if (order > 0) ledger.readOnlyTests += attempts;
  ledger.locks += attempts;
  ledger.lookups += attempts;
  if (found.order < order) return answer(0, found.order + 1);
  const verdict = guard(domain, found, gfn, mfn, order, access);
  if (verdict === "no-op") return answer(n, 0);
  if (verdict !== "go-on") return answer(0, verdict);
  const replaced = isRam(found.type) && found.mfn !== NONE ? found.mfn : NONE;
  if (!machine.release.m2pAfterWrite) forgetRam(domain, replaced, n * pages);
  const rc = setEntries(domain, gfn, mfn, order, n, TYPE.mmio_direct, access);
  if (rc < 0) {
    logLine(domain, `p2m_set_entry: ${hex(gfn)}:${order} -> ${rc} (${hex(mfn)})`);
    if (machine.release.m2pAfterWrite && order > 0) forgetWritten(domain, gfn, mfn, replaced, pages);
    return answer(0, rc);
  }
  if (machine.release.m2pAfterWrite) forgetRam(domain, replaced, n * pages);
  return answer(n, 0);
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
  const n = stretchLength(domain, gfn, NONE, order, limit);
  const found = lookUp(domain, gfn);
  const attempts = found.order < order || found.type !== TYPE.mmio_direct ? 1 : n;
  ledger.locks += attempts;
  ledger.lookups += attempts;
  if (found.order < order) return answer(0, found.order + 1);
  if (found.mfn === NONE || found.type !== TYPE.mmio_direct) {
    logLine(domain, `gfn_to_mfn failed! gfn=${gfn.toString(16).padStart(8, "0")} type:${found.type}`);
    return answer(0, ERRNO.EINVAL);
  }
  if (found.mfn !== mfn) logLine(domain, `no mapping between mfn ${mfn.toString(16)} and gfn ${gfn.toString(16)}`);
  const rc = setEntries(domain, gfn, NONE, order, n, TYPE.invalid, ACCESS_RWX);
  return rc < 0 ? answer(0, rc) : answer(n, 0);
}
