/** The mapping domctl, its checks, its lines and the library call (xen-mapping.md 2.1 to 2.5). */
import { describe, expect, it } from "vitest";
import { createDomain, destroyDomain } from "../../src/xen/create.ts";
import { assignDevice } from "../../src/xen/devices.ts";
import { iomemPermission, memoryMapping } from "../../src/xen/domctl.ts";
import { libraryMemoryMapping } from "../../src/xen/libxc.ts";
import { makeMachine } from "../../src/xen/machine.ts";
import { populate } from "../../src/xen/ram.ts";
import { GIB, g, grant, m, makeGuest, mapped, runningGuest } from "./helpers.ts";

const AT = 128 * GIB;
const BAR = 256 * GIB;
const RELEASES = ["4.7", "4.15", "4.16", "4.17", "4.21", "4.22"];
const EINVAL = -22;
const EPERM = -1;

describe.each(RELEASES)("checks of the domctl, %s (2.2)", (xen) => {
  const guest = () => {
    const { domain } = makeGuest({ xen, physBits: 40 });
    grant(domain, 0x1000000, 0x1000);
    return domain;
  };

  it("refuses ranges that wrap, and machine frames beyond the width", () => {
    const domain = guest();
    const cases: readonly (readonly [bigint | number, bigint | number, bigint | number])[] = [
      [0, 2n ** 64n - 1n, 2],
      [2n ** 64n - 1n, 0x1000000, 2],
      [0, 2 ** 28, 1],
      [0, 2 ** 28 - 1, 2],
      [0, 0x1000000, 2n ** 64n - 1n],
      // A count of zero: wraps, or reaches the last frame of all from 0 on.
      [0, 0x1000000, 0],
      [0, 0, 0],
    ];
    for (const [gfn, mfn, pages] of cases) {
      expect(memoryMapping(domain, gfn, mfn, pages, true)).toBe(EINVAL);
      expect(memoryMapping(domain, gfn, mfn, pages, false)).toBe(EINVAL);
    }
    expect(domain.log).toEqual([]);
    // The width is tested before the permission, the permission before the guest frame.
    expect(memoryMapping(domain, 2 ** 40, 2 ** 27, 1, true)).toBe(EPERM);
    expect(domain.ledger.hypercalls).toBe(15);
  });

  it("asks for the permission of the whole range", () => {
    const domain = guest();
    expect(memoryMapping(domain, 0, 0x1000fff, 2, true)).toBe(EPERM);
    expect(memoryMapping(domain, 0, 0xffffff, 1, true)).toBe(EPERM);
    expect(memoryMapping(domain, 0x400000, 0x1000fff, 1, true)).toBe(0);
  });

  it("refuses an excessive guest frame deeper down, with a fail line", () => {
    const ept = guest();
    expect(memoryMapping(ept, 2 ** 36, 0x1000000, 1, true)).toBe(EINVAL);
    expect(memoryMapping(ept, 2n ** 60n, 0x1000000, 1, true)).toBe(EINVAL);
    expect(ept.log.filter((line) => line.startsWith("memory_map:fail"))).toHaveLength(2);
    const { domain: npt } = makeGuest({ xen, cpu: "amd", physBits: 40 });
    grant(npt, 0x1000000, 1);
    expect(memoryMapping(npt, 2 ** 36, 0x1000000, 1, true)).toBe(-2);
  });

  it("knows no destroyed domain", () => {
    const domain = guest();
    destroyDomain(domain);
    expect(memoryMapping(domain, 0, 0x1000000, 1, true)).toBe(-3);
    expect(iomemPermission(domain, 0x1000000, 1, true)).toBe(-3);
    expect(libraryMemoryMapping(domain, 0, 0x1000000, 1, true).result).toBe(-3);
  });
});

describe("a domain that is not translated (2.2 step 5, 9)", () => {
  it.each([
    ["4.15", true, EPERM],
    ["4.16", true, EPERM],
    ["4.21.1", true, EPERM],
    // Unlocked domctl: the permission is looked at after the early return.
    ["4.21.2", true, 0],
    ["4.22", false, 0],
  ])("%s, without permission", (xen, add, expected) => {
    const { domain } = makeGuest({ xen }, { guest: "pv" });
    expect(memoryMapping(domain, 0, BAR, 1, add)).toBe(expected);
    expect(domain.log).toEqual([]);
  });

  it("gets a line and a memory-type action up to 4.15, neither from 4.16 on; the library never asks", () => {
    const costs = ["4.15", "4.16"].map((xen) => {
      const { domain } = makeGuest({ xen }, { guest: "pv" });
      grant(domain, BAR, 1);
      const before = domain.ledger.cacheFlushes;
      expect(memoryMapping(domain, 0, BAR, 1, true)).toBe(0);
      const { cacheFlushes } = domain.ledger;
      expect(libraryMemoryMapping(domain, 0, BAR, 1, true)).toMatchObject({ result: 0, hypercalls: 0 });
      return [domain.log.length, cacheFlushes - before];
    });
    expect(costs).toEqual([
      [1, 1],
      [0, 0],
    ]);
  });
});

describe("log lines (2.3)", () => {
  it.each([
    ["4.16", "dom7"],
    ["4.22", "d7"],
  ])("%s names the domain %s", (xen, tag) => {
    const { domain } = makeGuest({ xen, iommu: null }, { id: 7, poolPages: 100 });
    grant(domain, 0x1abcdef, 0x10);
    expect(memoryMapping(domain, 0xfeed0, 0x1abcdef, 2, true)).toBe(0);
    expect(memoryMapping(domain, 0xfeed0, 0x1abcdef, 2, false)).toBe(0);
    expect(memoryMapping(domain, 0xfeed0, 0x1abcdef, 0x10, false)).toBe(EINVAL);
    expect(memoryMapping(domain, 2 ** 36, 0x1abcdef, 1, true)).toBe(EINVAL);
    expect(domain.log).toEqual([
      `memory_map:add: ${tag} gfn=feed0 mfn=1abcdef nr=2`,
      `memory_map:remove: ${tag} gfn=feed0 mfn=1abcdef nr=2`,
      `memory_map:remove: ${tag} gfn=feed0 mfn=1abcdef nr=10`,
      "gfn_to_mfn failed! gfn=000feed0 type:4",
      `memory_map: error -22 removing ${tag} access to [1abcdef,1abcdfe]`,
      `memory_map:add: ${tag} gfn=1000000000 mfn=1abcdef nr=1`,
      "p2m_set_entry: 0x1000000000:0 -> -22 (0x1abcdef)",
      `memory_map:fail: ${tag} gfn=1000000000 mfn=1abcdef nr=1 ret:-22`,
    ]);
  });

  it("shows a conflict in the middle twice: in the call that stops there and in the next", () => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null });
    grant(domain, BAR, 0x100);
    mapped(domain, AT + 3, BAR + 0x50, 1);
    domain.log.length = 0;
    const { value } = mapped(domain, AT, BAR, 6);
    const refusal = "d1: GFN 0x2000003 (0x4000050,0,5,7) -> (0x4000003,0,5,7) not permitted";
    expect(domain.log).toEqual([
      "memory_map:add: dom1 gfn=2000000 mfn=4000000 nr=6",
      refusal,
      "memory_map:add: dom1 gfn=2000003 mfn=4000003 nr=3",
      refusal,
      "memory_map:fail: dom1 gfn=2000003 mfn=4000003 nr=3 ret:-1",
      // The undo removes what is there, the old page too, and stops at the first hole.
      "memory_map:remove: dom1 gfn=2000000 mfn=4000000 nr=6",
      "no mapping between mfn 4000003 and gfn 2000003",
      "gfn_to_mfn failed! gfn=02000004 type:4",
      "memory_map:remove: dom1 gfn=2000004 mfn=4000004 nr=2",
      "gfn_to_mfn failed! gfn=02000004 type:4",
      "memory_map: error -22 removing dom1 access to [4000004,4000005]",
    ]);
    expect(value).toMatchObject({ result: -1, pagesDone: 3, hypercalls: 2, firstReturn: 3, lastReturn: -1 });
    expect(value.undo).toMatchObject({ pagesDone: 4, lastReturn: EINVAL });
    expect(domain.crashed).toBe(true);
  });

  it("shows a refused RAM page without orders", () => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null });
    grant(domain, BAR, 1);
    mapped(domain, AT, BAR, 1);
    domain.log.length = 0;
    populate(domain, g(AT), 0, 1, m(0x30000));
    expect(domain.log).toEqual(["d1: GFN 0x2000000 (0x4000000,5,7) -> (0x30000,0,7) not permitted"]);
  });

  it("tells by the steps of gfn what each call achieved", () => {
    // 60 small pages up to the boundary, then 2 MiB blocks: 64 = a + b with a + 512 b pages.
    const { domain } = makeGuest({ xen: "4.17" });
    grant(domain, BAR, GIB);
    mapped(domain, AT + 452, BAR + 452, 60 + 512 * 10);
    const gfns = domain.log.map((line) => Number.parseInt(/gfn=(\w+)/.exec(line)![1]!, 16));
    expect(gfns).toEqual([AT + 452, AT + 452 + 60 + 512 * 4]);
    expect((gfns[1]! - gfns[0]! - 64) / 511).toBe(4);
  });
});

describe("the memory-type-changed action (2.4)", () => {
  /** Cache flush rounds of one mapping call: with a device, with permissions only, without a vCPU. */
  const flushes = (xen: string, cpu: "intel" | "amd") => [
    mapped(withBar(runningGuest({ xen, cpu }).domain), AT, BAR, 1).ledger.cacheFlushes,
    mapped(withBar(makeGuest({ xen, cpu, iommu: null }).domain), AT, BAR, 1).ledger.cacheFlushes,
    mapped(withBar(runningGuest({ xen, cpu }, { vcpus: 0 }).domain), AT, BAR, 1).ledger.cacheFlushes,
  ];
  const withBar = (domain: ReturnType<typeof createDomain>) => {
    grant(domain, BAR, GIB);
    return domain;
  };

  it.each(["intel", "amd"] as const)("ends each call up to 4.16 (%s)", (cpu) => {
    expect(flushes("4.7", cpu)).toEqual([1, 0, 0]);
    expect(flushes("4.13", cpu)).toEqual([1, 1, 0]);
    expect(flushes("4.16", cpu)).toEqual([1, 1, 0]);
    expect(flushes("4.17", cpu)).toEqual([0, 0, 0]);
  });

  it("follows a call that fails, but not one that is refused", () => {
    const { domain } = runningGuest({ xen: "4.16" });
    grant(domain, BAR, GIB);
    const before = domain.ledger.cacheFlushes;
    expect(memoryMapping(domain, AT, BAR, 1, false)).toBe(EINVAL);
    expect(domain.ledger.cacheFlushes - before).toBe(1);
    expect(memoryMapping(domain, AT, BAR + GIB, 1, true)).toBe(EPERM);
    expect(memoryMapping(domain, AT, BAR, 0, true)).toBe(EINVAL);
    expect(domain.ledger.cacheFlushes - before).toBe(1);
  });

  it("follows every successful permission up to 4.16, and only the first grant without IOMMU context later", () => {
    const counts = (xen: string, iommu: "none" | "default") => {
      const { domain } = makeGuest({ xen }, { iommu });
      const rounds: number[] = [];
      for (const allow of [true, true, false]) {
        iomemPermission(domain, BAR, 1, allow);
        rounds.push(domain.ledger.cacheFlushes);
      }
      // The caller itself lacks the local APIC page: refused, and nothing follows.
      expect(iomemPermission(domain, 0xfee00, 1, true)).toBe(EPERM);
      rounds.push(domain.ledger.cacheFlushes);
      return rounds;
    };
    expect(counts("4.16", "default")).toEqual([1, 2, 3, 3]);
    // The last revocation finds no permission left.
    expect(counts("4.16", "none")).toEqual([1, 2, 2, 2]);
    expect(counts("4.17", "none")).toEqual([1, 1, 1, 1]);
    expect(counts("4.17", "default")).toEqual([0, 0, 0, 0]);
  });

  it("flushes caches from 4.21 on only where something requires it", () => {
    const first = (started: boolean, selfSnoop: boolean, cpu: "intel" | "amd") => {
      const { domain } = makeGuest({ xen: "4.21", cpu, selfSnoop }, { iommu: "none", started });
      populate(domain, g(0), 9, 1, m(0x20000));
      grant(domain, BAR, 1);
      const { memoryTypeMarks, cacheFlushes } = domain.ledger;
      return [memoryTypeMarks, cacheFlushes];
    };
    expect(first(true, true, "intel")).toEqual([1, 0]);
    expect(first(true, false, "intel")).toEqual([1, 1]);
    expect(first(false, false, "intel")).toEqual([1, 0]);
    expect(first(true, false, "amd")).toEqual([0, 0]);
  });

  it("leaves the root marked in 4.17 and later, for the first mapping to pass down (2.4, last point)", () => {
    const { domain } = makeGuest({ xen: "4.17" }, { iommu: "none", started: true });
    populate(domain, g(0), 9, 1, m(0x20000));
    grant(domain, BAR, GIB);
    const first = mapped(domain, AT, BAR, 512).ledger;
    expect(first.markReads).toBe(512);
    expect(mapped(domain, AT + 512, BAR + 512, 512).ledger.markReads).toBe(0);
  });
});

describe("the permission domctl (2.4, end)", () => {
  it("refuses wraps and what the caller lacks, for a revocation too", () => {
    const { domain } = makeGuest({ xen: "4.17", callerLacks: [{ start: BAR, end: BAR + 4 }] });
    for (const allow of [true, false]) {
      expect(iomemPermission(domain, 5, 0, allow)).toBe(EINVAL);
      expect(iomemPermission(domain, 2n ** 64n - 1n, 2, allow)).toBe(EINVAL);
      expect(iomemPermission(domain, 0, 0, allow)).toBe(EPERM);
      expect(iomemPermission(domain, BAR + 3, 2, allow)).toBe(EPERM);
      expect(iomemPermission(domain, BAR + 4, 2, allow)).toBe(0);
      expect(iomemPermission(domain, BAR + 4, 2, allow)).toBe(0);
    }
    expect(domain.permissions.frames.isEmpty).toBe(true);
  });
});

describe("the library call (2.5)", () => {
  it("does nothing for no pages, and for a PV guest", () => {
    const { domain } = makeGuest({ xen: "4.17" });
    expect(libraryMemoryMapping(domain, AT, BAR, 0, true)).toMatchObject({ result: 0, hypercalls: 0 });
    expect(domain.ledger).toMatchObject({ infoCalls: 1, hypercalls: 0 });
  });

  it("stops after so many calls where it is told to", () => {
    const { domain } = makeGuest({ xen: "4.17" });
    grant(domain, BAR, GIB);
    const { value } = mapped(domain, AT + 1, BAR, 1);
    expect(value).toMatchObject({ result: 0, pagesDone: 1, firstReturn: 0, lastReturn: 0 });
    const limited = libraryMemoryMapping(domain, AT + 0x1001, BAR + 1, 1000, true, { maxCalls: 3 });
    expect(limited).toMatchObject({ result: 0, pagesDone: 192, hypercalls: 3, lastReturn: 64 });
  });
});

it("is EOPNOTSUPP to assign a device where the host has no IOMMU", () => {
  expect(assignDevice(createDomain(makeMachine({ xen: "4.17", iommu: null })), "0000:01:00.0")).toBe(-95);
});
