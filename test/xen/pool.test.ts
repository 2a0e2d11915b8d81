/** The paging pool and what failures leave behind (xen-mapping.md 11). */
import { describe, expect, it } from "vitest";
import { createDomain } from "../../src/xen/create.ts";
import { memoryMapping } from "../../src/xen/domctl.ts";
import { makeMachine } from "../../src/xen/machine.ts";
import { populate } from "../../src/xen/ram.ts";
import { GIB, g, grant, makeGuest, mapped, unmapped } from "./helpers.ts";

const AT = 128 * GIB;
const BAR = 256 * GIB;

describe("what creation takes (11.1)", () => {
  /** Tables left for the P2M, its root included, of a pool of 1 MiB. */
  const left = (xen: string, spec = {}, machine = {}) => {
    const { pool } = createDomain(makeMachine({ xen, ...machine }), { poolPages: 256, ...spec });
    return pool.pages - pool.used + 1;
  };

  it.each([
    ["4.14", 245],
    ["4.22", 245],
    ["4.7", 215],
    ["4.13.5", 215],
  ])("%s leaves %d tables of 256 pages, on either processor", (xen, tables) => {
    // Up to 4.13 the P2M's own three tables for gfn 0 are tables, too.
    const ownTables = tables === 215 ? 3 : 0;
    expect(left(xen) + ownTables).toBe(tables);
    expect(left(xen, {}, { cpu: "amd" }) + ownTables).toBe(tables);
  });

  it("takes a page for each further vCPU, and for altp2m views on Intel only", () => {
    expect(left("4.17", { vcpus: 4 })).toBe(242);
    expect(left("4.17", {}, { options: { altp2m: true } })).toBe(235);
    expect(left("4.17", {}, { cpu: "amd", options: { altp2m: true } })).toBe(245);
  });

  it("has 256 pages where nothing was set", () => {
    expect(createDomain(makeMachine({ xen: "4.17" })).pool).toEqual({ pages: 256, used: 12 });
    expect(createDomain(makeMachine({ xen: "4.13" })).pool).toEqual({ pages: 256, used: 45 });
  });
});

describe("a misaligned BAR at 128 GiB and a pool of 1 MiB (11.1)", () => {
  it.each(["4.17", "4.22"])("%s on NPT: PDPT, PD and 242 PTs, then -ENOMEM", (xen) => {
    const { domain } = makeGuest({ xen, cpu: "amd", iommu: null }, { poolPages: 256 });
    grant(domain, BAR, GIB);
    const { ledger, value } = mapped(domain, AT + 1, BAR, GIB);
    expect(value).toMatchObject({ result: -12, lastReturn: -12 });
    expect(ledger.p2mTables).toBe(244);
    // 242 PTs, the first without its first page.
    expect(value.pagesDone).toBe(242 * 512 - 1);
    expect(domain.pool.used).toBe(256);
    // The undo unmaps the prefix and stops at the first hole; no table comes back, and a second try needs none of them.
    expect(value.undo).toMatchObject({ pagesDone: value.pagesDone, lastReturn: -22 });
    expect(ledger.p2mTablesFreed).toBe(0);
    const again = mapped(domain, AT + 1, BAR, GIB);
    expect(again.value).toMatchObject({ result: -12, pagesDone: value.pagesDone });
    expect(again.ledger.p2mTables).toBe(0);
  });

  it("is -ENOENT on EPT up to 4.13", () => {
    const { domain } = makeGuest({ xen: "4.13", iommu: null }, { poolPages: 256 });
    grant(domain, BAR, GIB);
    const { value } = mapped(domain, AT + 1, BAR, GIB);
    // 45 pages taken, the PDPT that every P2M starts with among them: PD and 210 PTs.
    expect(value).toMatchObject({ result: -2, pagesDone: 210 * 512 - 1 });
    expect(domain.crashed).toBe(false);
  });

  it("leaves 4 KiB for good where PTs were built", () => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null });
    grant(domain, BAR, GIB);
    mapped(domain, AT + 1, BAR, 2048);
    unmapped(domain, AT + 1, BAR, 2048);
    expect(mapped(domain, AT, BAR, 2048).ledger).toMatchObject({ iterations: 2048, retries: 4, p2mTables: 0 });
  });
});

describe("failures of the loop (11.2)", () => {
  it("are reported by the next call only", () => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null }, { poolPages: 12 + 3 });
    grant(domain, BAR, GIB);
    // PDPT, PD and one PT: the second region has none.
    expect(memoryMapping(domain, AT + 480, BAR, 64, true)).toBe(32);
    expect(memoryMapping(domain, AT + 512, BAR + 32, 32, true)).toBe(-12);
    expect(domain.log.filter((line) => line.includes("fail"))).toHaveLength(1);
    expect(domain.ledger.iterations).toBe(32);
  });

  it("keep a protected entry, and crash", () => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null });
    grant(domain, BAR, GIB);
    mapped(domain, AT, BAR, 512);
    expect(memoryMapping(domain, AT, BAR + 512, 512, true)).toBe(-1);
    expect(domain.crashed).toBe(true);
    // A crashed domain takes further calls.
    expect(memoryMapping(domain, AT, BAR, 512, false)).toBe(0);
  });

  it("of populate end it at the domain's memory limit", () => {
    const { domain } = makeGuest({ xen: "4.16", iommu: null }, { maxMemKiB: 4 * 1000 });
    expect(populate(domain, g(0), 9, 3, null)).toBe(1);
    expect(domain.ownedPages).toBe(512);
  });
});
