import { isAligned, offsetIn, pagesOf } from "../../address.ts";
import type { Access, P2mType } from "../constants.ts";
import type { Domain } from "../domain.ts";
import { NONE } from "./backend.ts";
import { backendOf } from "./backends.ts";
import { alikeBlocks, lookUp } from "./lookup.ts";

/** The largest sub-order that the common splitter may use at this place (xen-mapping.md 4, step 2). */
function subOrder(domain: Domain, gfn: number, mfn: number, left: number): number {
  const { machine } = domain;
  const fits = (order: number): boolean =>
    isAligned(gfn, order) && isAligned(left, order) && (mfn === NONE || isAligned(mfn, order));
  if (!domain.hap) return machine.release.shadowSuperpages && fits(9) ? 9 : 0;
  if (machine.p2m1g && fits(18)) return 18;
  return machine.p2m2m && fits(9) ? 9 : 0;
}

/** Whether a block becomes one entry. */
export const isOneEntry = (domain: Domain, gfn: number, mfn: number, order: number): boolean =>
  order === 0 || subOrder(domain, gfn, mfn, pagesOf(order)) === order;

/**
 * Enter `n` like blocks of 2^order frames (see `alikeBlocks`), split into the entries that the common code uses.
 * Returns 0 or a negative error; with several entries a block, the last error wins and the loop goes on.
 */
export function setEntries(
  domain: Domain,
  gfn: number,
  mfn: number,
  order: number,
  n: number,
  type: P2mType,
  access: Access,
): number {
  const backend = backendOf(domain);
  const size = pagesOf(order);
  if (isOneEntry(domain, gfn, mfn, order)) return backend.write(domain, gfn, mfn, order, n, type, access);
  const { ledger, machine } = domain;
  const { tlbFlushes } = ledger;
  let result = 0;
  for (let done = 0; done < size * n; ) {
    const target = mfn === NONE ? NONE : mfn + done;
    const left = size - offsetIn(done, order);
    const sub = subOrder(domain, gfn + done, target, left);
    const blocks = alikeBlocks(domain, lookUp(domain, gfn + done), gfn + done, target, sub, left / pagesOf(sub));
    const rc = backend.write(domain, gfn + done, target, sub, blocks, type, access);
    if (rc < 0) result = rc;
    done += (rc < 0 ? 1 : blocks) * pagesOf(sub);
  }
  // All of a block is written under one lock, and what is deferred to its unlock happens once (5.8, 6.6).
  const deferred = domain.p2m.format.name === "ept" || machine.release.nptFlushAtUnlock;
  if (deferred) ledger.tlbFlushes = Math.min(ledger.tlbFlushes, tlbFlushes + n);
  return result;
}
