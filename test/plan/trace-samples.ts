import type { Gfn } from "../../src/address.ts";
import { assignDevice } from "../../src/xen/devices.ts";
import type { Domain } from "../../src/xen/domain.ts";
import { memoryMapping } from "../../src/xen/domctl.ts";
import { populate } from "../../src/xen/ram.ts";
import { grant, makeGuest } from "../xen/helpers.ts";

/** What a call really did, from the model's ledger and not from its log. */
export interface TrueCall {
  readonly gfn: number;
  readonly pages: number;
  readonly small: number;
  readonly large: number;
}

/** What a library call really did. */
export interface TrueRequest {
  readonly domain: number;
  readonly operation: "map" | "unmap";
  readonly gfn: number;
  readonly mfn: number;
  readonly pages: number;
  readonly calls: readonly TrueCall[];
  readonly ret: number | null;
  readonly undo: boolean;
  /** The hypervisor's lines, without prefixes. */
  readonly lines: readonly string[];
}

export const ANY_MFN = 0x400000;

/** A domain that may map any frame from ANY_MFN on, with so many pool pages left for tables. */
export function tracedDomain(xen: string, cpu: "intel" | "amd", id: number, poolLeft: number): Domain {
  const { domain } = makeGuest({ xen, cpu, physBits: 46 }, { id, started: true, mtrrsSet: true });
  populate(domain, 0 as Gfn, 9, 1, null);
  grant(domain, ANY_MFN, 2 ** 24);
  assignDevice(domain, "0000:03:00.0");
  domain.pool.pages = domain.pool.used + poolLeft;
  domain.log.length = 0;
  return domain;
}

/** The library's loop (xen-mapping.md 2.5), each call watched. */
export function request(domain: Domain, gfn: number, mfn: number, pages: number, add: boolean): TrueRequest[] {
  const calls: TrueCall[] = [];
  const lines: string[] = [];
  let done = 0;
  let ret = 0;
  while (done < pages) {
    const before = domain.ledger.iterations;
    ret = memoryMapping(domain, gfn + done, mfn + done, pages - done, add);
    lines.push(...domain.log.splice(0).filter((line) => line.startsWith("memory_map")));
    const achieved = Math.max(0, ret === 0 ? pages - done : ret);
    const iterations = domain.ledger.iterations - before;
    const large = (achieved - iterations) / 511;
    calls.push({ gfn: gfn + done, pages: achieved, small: iterations - large, large });
    if (ret < 0) break;
    done += achieved;
  }
  const operation = add ? "map" : "unmap";
  const one = {
    domain: domain.id,
    operation,
    gfn,
    mfn,
    pages,
    calls,
    ret: ret < 0 ? ret : null,
    undo: false,
    lines,
  } as const;
  if (ret >= 0 || !add) return [one];
  return [one, ...request(domain, gfn, mfn, pages, false).map((undone) => ({ ...undone, undo: true }))];
}

/** The prefix of a boot-style console: seconds and microseconds. */
export const stamped = (line: string, micros: number): string =>
  `(XEN) [${String(Math.floor(micros / 1e6)).padStart(5)}.${String(micros % 1e6).padStart(6, "0")}] ${line}`;
