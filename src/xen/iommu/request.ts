import { isAligned, offsetIn, pagesOf } from "../../address.ts";
import { crash, type Domain, logLine } from "../domain.ts";
import type { Rights } from "../rights.ts";
import { driverOf } from "./driver.ts";
import { ADDED, ALL, flushIotlb, MODIFIED } from "./flush.ts";
import { mapRun } from "./map.ts";
import type { Outcome } from "./outcome.ts";
import { singleMap, singleUnmap } from "./single.ts";
import { unmapRun } from "./unmap.ts";
import { clearTables, fillTables, fillTablesByPage, TABLE_PAGES } from "./whole.ts";

/**
 * The largest announced page size that divides both frames and fits the rest, climbing one announced size at a time and
 * stopping at the first that does not (xen-mapping.md 7.4, 4.17 on). Only 4 KiB before.
 */
function pageOrder(domain: Domain, dfn: number, mfn: number, left: number): number {
  let order = 0;
  for (const next of domain.machine.iommuOrders) {
    if (!isAligned(dfn, next) || !isAligned(mfn, next) || left < pagesOf(next)) break;
    order = next;
  }
  return order;
}

/** Up to 4.16 the vendor routine was called a page of 4 KiB at a time; the bulk of those calls is one run. */
const booked = (domain: Domain, outcome: Outcome): Outcome => {
  domain.ledger.iommuVendorCalls += Math.max(outcome.count, 1);
  return outcome;
};

/** Whether requests of this order are one page of the hardware each: then like ones may be taken together. */
const onePageEach = (domain: Domain, dfn: number, mfn: number, order: number): boolean =>
  order === 0 || pageOrder(domain, dfn, mfn, pagesOf(order)) === order;

/**
 * `n` map requests of 2^order frames each, consecutive from (dfn, mfn) on. Returns 0 or the first error; a failed
 * request has unmapped its own prefix, and crashed the domain unless that is the hardware domain.
 */
export function requestMap(domain: Domain, dfn: number, mfn: number, order: number, n: number, rights: Rights): number {
  const { ledger, machine } = domain;
  if (!machine.release.iommuRequests) return singleMap(domain, dfn, mfn, pagesOf(order) * n, pagesOf(order), rights);
  const pages = pagesOf(order);
  const together = onePageEach(domain, dfn, mfn, order);
  for (let i = 0; i < n; ) {
    const from = dfn + i * pages;
    const to = mfn + i * pages;
    if (together) {
      const tables = order === 0 ? fillTablesByPage(domain, from, to, n - i, rights) : 0;
      if (tables > 0) {
        ledger.iommuMapCalls += tables * TABLE_PAGES;
        ledger.iommuVendorCalls += tables * TABLE_PAGES;
        flushIotlb(domain, from, 1, ADDED, tables * TABLE_PAGES);
        i += tables * TABLE_PAGES;
        continue;
      }
      const run = booked(domain, mapRun(domain, from, to, order, n - i, rights));
      ledger.iommuMapCalls += Math.max(run.count, 1);
      if (run.rc < 0) return mapFailed(domain, from, to, pages, 0, run.rc);
      flushEach(domain, from, pages, run);
      i += run.count;
      continue;
    }
    const whole = fillTables(domain, from, to, order, n - i, rights);
    if (whole > 0) {
      ledger.iommuMapCalls += whole;
      ledger.iommuVendorCalls += whole * pages;
      flushIotlb(domain, from, pages, ADDED, whole);
      i += whole;
      continue;
    }
    const rc = requestRange(domain, from, to, pages, rights);
    if (rc < 0) return rc;
    i++;
  }
  return 0;
}

/** The flush of each of several requests of one page; the last may ask for more than those before it. */
function flushEach(domain: Domain, dfn: number, pages: number, { count, flags, last }: Outcome): void {
  if (count > 1) flushIotlb(domain, dfn, pages, flags, count - 1);
  flushIotlb(domain, dfn + (count - 1) * pages, pages, last);
}

/** One request of several frames, in the largest pages that fit. Returns 0 or the error. */
export function requestRange(domain: Domain, dfn: number, mfn: number, pages: number, rights: Rights): number {
  domain.ledger.iommuMapCalls++;
  let flags = 0;
  for (let i = 0; i < pages; ) {
    const sub = pageOrder(domain, dfn + i, mfn + i, pages - i);
    const limit = sub === 0 ? runOfSmall(domain, dfn + i, mfn + i, pages - i) : 1;
    const run = booked(domain, mapRun(domain, dfn + i, mfn + i, sub, limit, rights));
    if (run.rc < 0) return mapFailed(domain, dfn, mfn, pages, i, run.rc);
    flags |= run.flags | run.last;
    i += run.count * pagesOf(sub);
  }
  flushIotlb(domain, dfn, pages, flags);
  return 0;
}

/** Pages until a larger size may become possible again. */
const runOfSmall = (domain: Domain, dfn: number, mfn: number, left: number): number =>
  domain.machine.iommuOrders.length === 1 || !isAligned(dfn - mfn, 9) || left < 512 ? left : 512 - offsetIn(dfn, 9);

/** Log line, roll-back of the request's own prefix, crash (7.4). */
function mapFailed(domain: Domain, dfn: number, mfn: number, pages: number, done: number, rc: number): number {
  const place = `dfn 0x${(dfn + done).toString(16)} to mfn 0x${(mfn + done).toString(16)}`;
  logLine(domain, `d${domain.id}: IOMMU mapping ${place} failed: ${rc}`);
  for (let i = 0; i < done; ) {
    const sub = pageOrder(domain, dfn + i, dfn + i, done - i);
    const run = booked(domain, unmapRun(domain, dfn + i, sub, 1));
    i += Math.max(1, run.count) * pagesOf(sub);
  }
  if (pages > 1 && domain.machine.release.iommuFailureFlushesAll) flushIotlb(domain, dfn, 1, ALL | ADDED | MODIFIED);
  failureCrash(domain);
  return rc;
}

/** An IOMMU failure crashes the domain unless it is the hardware domain; AMD-Vi's own crash spares nobody (11.3). */
function failureCrash(domain: Domain): void {
  if (!domain.hardwareDomain || driverOf(domain.machine).kind === "amdvi") crash(domain);
}

/** `n` unmap requests of 2^order frames each, consecutive from `dfn` on. Returns 0 or the first error. */
export function requestUnmap(domain: Domain, dfn: number, order: number, n: number): number {
  const { ledger, machine } = domain;
  if (!machine.release.iommuRequests) return singleUnmap(domain, dfn, pagesOf(order) * n);
  const pages = pagesOf(order);
  const together = onePageEach(domain, dfn, dfn, order);
  let result = 0;
  for (let i = 0; i < n; ) {
    const from = dfn + i * pages;
    if (together) {
      const run = booked(domain, unmapRun(domain, from, order, n - i));
      ledger.iommuUnmapCalls += Math.max(run.count, 1);
      if (run.rc < 0) {
        // The first error is remembered; only the hardware domain goes on past it (7.4).
        result = result || run.rc;
        failureCrash(domain);
        if (!domain.hardwareDomain) return result;
        i++;
        continue;
      }
      flushEach(domain, from, pages, run);
      i += run.count;
      continue;
    }
    const whole = clearTables(domain, from, order, n - i);
    if (whole > 0) {
      ledger.iommuUnmapCalls += whole;
      ledger.iommuVendorCalls += whole * pages;
      flushIotlb(domain, from, pages, MODIFIED, whole);
      i += whole;
      continue;
    }
    const rc = unmapOne(domain, from, pages);
    result = result || rc;
    if (rc < 0 && !domain.hardwareDomain) return result;
    i++;
  }
  return result;
}

/** One request of several frames. Only the hardware domain goes on past an error (7.4). */
function unmapOne(domain: Domain, dfn: number, pages: number): number {
  domain.ledger.iommuUnmapCalls++;
  let flags = 0;
  let result = 0;
  for (let i = 0; i < pages; ) {
    const sub = pageOrder(domain, dfn + i, dfn + i, pages - i);
    const limit = sub === 0 ? runOfSmall(domain, dfn + i, dfn + i, pages - i) : 1;
    const run = booked(domain, unmapRun(domain, dfn + i, sub, limit));
    if (run.rc < 0) {
      result = result || run.rc;
      failureCrash(domain);
      if (!domain.hardwareDomain) return result;
      i += pagesOf(sub);
      continue;
    }
    flags |= run.flags | run.last;
    i += run.count * pagesOf(sub);
  }
  flushIotlb(domain, dfn, pages, flags);
  return result;
}
