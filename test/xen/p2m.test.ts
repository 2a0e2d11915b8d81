/** Blocks, look-ups, entries and splits of EPT and NPT (xen-mapping.md 3 to 6). */
import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import { translate } from "../../src/radix/tree.ts";
import { FrameSet } from "../../src/ranges.ts";
import { TYPE } from "../../src/xen/constants.ts";
import { memoryMapping } from "../../src/xen/domctl.ts";
import type { MachineSpec } from "../../src/xen/machine.ts";
import { mapMmioRegions } from "../../src/xen/map-mmio.ts";
import { memoryTypeChanged } from "../../src/xen/memory-type.ts";
import { installMmio } from "../../src/xen/p2m/install.ts";
import { lookUp } from "../../src/xen/p2m/lookup.ts";
import { setEntries } from "../../src/xen/p2m/write.ts";
import { decreaseReservation, populate, removeFromPhysmap } from "../../src/xen/ram.ts";
import {
  booked,
  flagsOf,
  GIB,
  g,
  grant,
  hex16,
  m,
  makeGuest,
  mapped,
  rawAt,
  runningGuest,
  unmapped,
} from "./helpers.ts";

const AT = 128 * GIB;
const BAR = 256 * GIB;
const guest = (machine: MachineSpec, spec = {}) => {
  const { domain } = runningGuest(machine, spec);
  grant(domain, BAR, 2 * GIB);
  return domain;
};

describe("installing a block (3.2)", () => {
  it("retries read-only frames at order 0 before anything is locked", () => {
    const domain = guest({ xen: "4.17", mmioRo: [{ start: BAR + 700, end: BAR + 702 }] });
    expect(installMmio(domain, AT + 512, BAR + 512, 9, 1)).toEqual({ blocks: 0, rc: 1 });
    const { ledger } = mapped(domain, AT, BAR, 1024);
    // One 2 MiB block, then one retry and 512 pages: 513 iterations.
    expect(ledger).toMatchObject({
      retries: 1,
      iterations: 513,
      hypercalls: 9,
      locks: 513,
      lookups: 513,
      readOnlyTests: 2,
    });
    expect(rawAt(domain.p2m, AT + 700)?.slice(-3)).toBe("945");
    expect(rawAt(domain.p2m, AT + 702)?.slice(-3)).toBe("b47");
    expect(domain.decisions.map(({ pages, order, because }) => [pages, order, because])).toEqual([
      [512, 9, "aligned-2m"],
      [512, 0, "read-only-frames"],
    ]);
  });

  it("steps down where a table is, and counts lock and look-up of the attempt", () => {
    const domain = guest({ xen: "4.17" });
    mapped(domain, AT, BAR, 1);
    unmapped(domain, AT, BAR, 1);
    expect(installMmio(domain, AT, BAR, 9, 1)).toEqual({ blocks: 0, rc: 1 });
    const { ledger } = mapped(domain, AT, BAR, 512);
    expect(ledger).toMatchObject({ retries: 1, iterations: 512, hypercalls: 8, locks: 513, lookups: 513 });
    expect(domain.decisions.at(-1)).toMatchObject({ pages: 512, order: 0, because: "lower-table-present" });
  });

  it("replaces guest RAM: its M2P words go, its pages stay allocated", () => {
    const domain = guest({ xen: "4.17" });
    const { ownedPages } = domain;
    const { ledger } = mapped(domain, 0x200, BAR, 512);
    expect(ledger).toMatchObject({ m2pUpdates: 512, tlbFlushes: 1, iterations: 1 });
    expect(domain.m2p.gfnOf(m(0x20200))).toBeUndefined();
    expect(domain.m2p.gfnOf(m(0x201ff))).toBe(0x1ff);
    expect(domain.ownedPages).toBe(ownedPages);
  });

  it.each([
    ["4.10", -2],
    ["4.13.3", -2],
    ["4.16", -1],
  ])("crashes on a foreign mapping in the way (%s)", (xen, error) => {
    const domain = guest({ xen });
    setEntries(domain, AT, 0x30000, 0, 1, TYPE.map_foreign, 7);
    expect(memoryMapping(domain, AT, BAR, 1, true)).toBe(error);
    expect(domain.crashed).toBe(true);
    expect(translate(domain.p2m, AT)?.frame).toBe(0x30000);
  });
});

describe("removing a block (3.3)", () => {
  it("wants direct MMIO, at whatever frame, and leaves an empty entry", () => {
    const domain = guest({ xen: "4.17" });
    mapped(domain, AT, BAR, 2);
    expect(memoryMapping(domain, 0, BAR, 1, false)).toBe(-22);
    expect(memoryMapping(domain, AT, BAR + 7, 1, false)).toBe(0);
    expect(memoryMapping(domain, AT, BAR, 1, false)).toBe(-22);
    const { at } = lookUp(domain, AT);
    expect(hex16(at.lo, at.hi)).toBe("8000000000000000");
  });
});

describe("the order that a look-up reports (3.4)", () => {
  it("is that of the level where the walk stops", () => {
    const domain = guest({ xen: "4.17" });
    mapped(domain, AT + 512 * 512 + 512, BAR + 1024, 1);
    populate(domain, g(4 * GIB), 18, 1, m(0x40000));
    const orders = [AT - 512 * GIB + 511 * GIB, 4 * GIB + 5, 5 * GIB, 0x200, AT + 512 * 512, AT + 512 * 512 + 513];
    expect(orders.map((gfn) => lookUp(domain, gfn).order)).toEqual([18, 18, 18, 9, 9, 0]);
  });

  it("is made up above the highest gfn ever mapped, which only grows", () => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null });
    grant(domain, BAR, 600);
    mapped(domain, 0x1000, BAR, 513);
    const last = 0x1000 + 512;
    expect(domain.highestGfn).toBe(last);
    // The next page's 2 MiB holds that gfn; the next 2 MiB and 1 GiB do not.
    expect([last + 1, 0x1400, GIB, 512 * GIB].map((gfn) => lookUp(domain, gfn).order)).toEqual([0, 9, 18, 27]);
    unmapped(domain, 0x1000, BAR, 513);
    expect(domain.highestGfn).toBe(last);
  });

  it.each([
    ["4.13", 512],
    ["4.14", 1],
  ])("%s enters MMIO below 2 MiB in %d iterations", (xen, iterations) => {
    const { domain } = makeGuest({ xen, iommu: null });
    grant(domain, BAR, 512);
    // Something higher up, so that the look-up walks.
    populate(domain, g(0x1000), 0, 1, null);
    expect(mapped(domain, 0, BAR, 512).ledger.iterations).toBe(iterations);
  });
});

describe("taking RAM away (3.5)", () => {
  it("splits a 2 MiB extent once, leaves the P2M an empty table, and frees the IOMMU's (4.17)", () => {
    const domain = guest({ xen: "4.17", options: { sharept: false } });
    const { ledger } = booked(domain, () => decreaseReservation(domain, g(0x200), 9, 1));
    expect(ledger).toMatchObject({ p2mSplits: 1, p2mTables: 1, p2mTablesFreed: 0, setEntries: 512, m2pUpdates: 512 });
    expect(ledger).toMatchObject({ iommuTables: 1, iommuTablesFreed: 1, iommuUnmapCalls: 512 });
    expect(lookUp(domain, 0x200)).toMatchObject({ order: 0, mfn: -1 });
    expect(domain.ownedPages).toBe(1024);
  });

  it("stops at holes, and at direct MMIO where that is protected", () => {
    const results = ["4.13.3", "4.13.4"].map((xen) => {
      const domain = guest({ xen });
      mapped(domain, 0x3, BAR, 1);
      expect(removeFromPhysmap(domain, g(0x3))).toBe(-2);
      expect(removeFromPhysmap(domain, g(AT))).toBe(-2);
      const done = decreaseReservation(domain, g(0), 0, 600);
      return [done, lookUp(domain, 3).type, domain.crashed];
    });
    expect(results).toEqual([
      [600, TYPE.mmio_dm, false],
      [3, TYPE.mmio_direct, false],
    ]);
    const domain = guest({ xen: "4.17" });
    expect(removeFromPhysmap(domain, g(5))).toBe(0);
    expect(removeFromPhysmap(domain, g(5))).toBe(-2);
    expect(domain.ownedPages).toBe(1536);
    expect(decreaseReservation(domain, g(0), 9, 1)).toBe(0);
    // Frames before the hole stay removed.
    expect(domain.ownedPages).toBe(1531);
  });
});

describe("the splitter (4)", () => {
  it.each([
    [18, 0x40000, { hap: true }, 1],
    [18, 0x40200, { hap: true }, 512],
    [17, 0x40000, { hap: true }, 256],
    [10, 0x40000, { hap: true }, 2],
    [9, 0x40000, { hap: false }, 1],
    [10, 0x40001, { hap: true }, 1024],
  ])("order %d at frame %d with %o is %d entries", (order, mfn, spec, entries) => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null }, spec);
    populate(domain, g(2 * GIB), order, 1, m(mfn));
    expect(domain.ledger).toMatchObject({ p2mEntries: entries, m2pUpdates: 2 ** order, lookups: 2 ** order });
  });

  it("asks the CPUs once a lock, however many present entries it replaces", () => {
    const rounds = ["4.17", "4.22"].map((xen) => {
      const { domain } = makeGuest({ xen, iommu: null, has1g: false });
      populate(domain, g(0), 10, 1, m(0x40000));
      return booked(domain, () => populate(domain, g(0), 10, 1, m(0x50000))).ledger.tlbFlushes;
    });
    expect(rounds).toEqual([1, 1]);
    const npt = ["4.21", "4.22"].map((xen) => {
      const { domain } = makeGuest({ xen, cpu: "amd", iommu: null });
      populate(domain, g(0), 10, 1, m(0x40000));
      return booked(domain, () => populate(domain, g(0), 10, 1, m(0x50000))).ledger.tlbFlushes;
    });
    // NPT flushes each store over a present entry, up to 4.21.
    expect(npt).toEqual([2, 1]);
  });
});

describe("raw EPT entries (5.3)", () => {
  const both = (old: string) => [
    ["4.19", old],
    ["4.20", old.replace(/^9c/, "b8")],
  ];
  const noSnoop = (old: string) => (BigInt(`0x${old}`) - 0x800n).toString(16).padStart(16, "0");

  it.each(both("9c50000000000b87"))("2 MiB direct MMIO, executable, %s: %s", (xen, raw) => {
    for (const execSuperpagesAffected of [false, true]) {
      const domain = guest({ xen: xen!, execSuperpagesAffected });
      mapped(domain, AT, BAR, 512);
      expect(flagsOf(rawAt(domain.p2m, AT), BAR)).toBe(execSuperpagesAffected ? raw!.replace(/7$/, "3") : raw);
    }
    const unsnooped = guest({ xen: xen!, options: { snoop: false }, execSuperpagesAffected: false });
    mapped(unsnooped, AT, BAR, 512);
    expect(flagsOf(rawAt(unsnooped.p2m, AT), BAR)).toBe(noSnoop(raw!));
  });

  it.each(both("9c50000000000b07"))("4 KiB direct MMIO, %s: %s; read-only with IPAT", (xen, raw) => {
    const domain = guest({ xen: xen!, mmioRo: [{ start: BAR + 1, end: BAR + 2 }] });
    mapped(domain, AT, BAR, 2);
    expect(flagsOf(rawAt(domain.p2m, AT), BAR)).toBe(raw);
    expect(flagsOf(rawAt(domain.p2m, AT + 1), BAR + 1)).toBe(raw!.replace(/b07$/, "945"));
  });

  it.each(both("9c00000000000bb7"))("RAM with a device, %s: 2 MiB %s", (xen, raw) => {
    const domain = guest({ xen: xen!, execSuperpagesAffected: false });
    populate(domain, g(0x400), 0, 1, m(0x30000));
    expect(flagsOf(rawAt(domain.p2m, 0x200), 0x20200)).toBe(raw);
    expect(flagsOf(rawAt(domain.p2m, 0x400), 0x30000)).toBe(raw!.replace(/bb7$/, "b37"));
  });

  it.each(both("9c00000000000377"))("4 KiB RAM without IOMMU context, %s: %s", (xen, raw) => {
    const { domain } = makeGuest({ xen: xen! }, { iommu: "none" });
    populate(domain, g(0x400), 0, 1, m(0x30000));
    expect(flagsOf(rawAt(domain.p2m, 0x400), 0x30000)).toBe(raw);
  });

  it.each(both("9c00000000000107"))("table pointers, %s: %s; empty slots; a zero root", (xen, raw) => {
    const domain = guest({ xen: xen! });
    mapped(domain, AT, BAR, 2);
    unmapped(domain, AT + 1, BAR + 1, 1);
    const root = domain.p2m.memory.words(domain.p2m.root);
    const pointer = BigInt(root[1]!) * 2n ** 32n + BigInt(root[0]!);
    expect((pointer & ~0xffffffffff000n).toString(16)).toBe(raw);
    expect([root[2], root[3]]).toEqual([0, 0]);
    const { at } = lookUp(domain, AT + 1);
    expect(hex16(at.lo, at.hi)).toBe("8000000000000000");
  });

  it("writes RAM uncached while vCPU 0 has not set up its MTRRs (5.4 step 8)", () => {
    const domain = guest({ xen: "4.17", options: { snoop: false } }, { mtrrsSet: false });
    populate(domain, g(0x400), 0, 1, m(0x30000));
    expect(rawAt(domain.p2m, 0x200)?.slice(-3)).toBe("383");
    expect(rawAt(domain.p2m, 0x400)?.slice(-3)).toBe("307");
  });

  it("has no A and D bits where the processor lacks them", () => {
    const domain = guest({ xen: "4.14", eptAd: false });
    mapped(domain, AT, BAR, 1);
    expect(rawAt(domain.p2m, AT)?.slice(-3)).toBe("807");
  });
});

describe("writing and splitting EPT entries (5.5, 5.6)", () => {
  it("splits 1 GiB for a page into 1 + 512 tables", () => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null });
    populate(domain, g(4 * GIB), 18, 1, m(0x40000));
    grant(domain, BAR, 1);
    const { ledger } = mapped(domain, 4 * GIB + 5, BAR, 1);
    expect(ledger).toMatchObject({ p2mTables: 513, p2mSplits: 513, p2mPointers: 513, tlbFlushes: 1, p2mEntries: 1 });
    expect(translate(domain.p2m, 4 * GIB + 1000)).toMatchObject({ frame: 0x40000 + 1000, order: 0 });
    // X comes back for 4 KiB parts of a superpage that must not have it.
    expect(rawAt(domain.p2m, 4 * GIB + 1000)!.slice(-1)).toBe("7");
  });

  it("costs two tables on NPT", () => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null, cpu: "amd" });
    populate(domain, g(4 * GIB), 18, 1, m(0x40000));
    grant(domain, BAR, 1);
    expect(mapped(domain, 4 * GIB + 5, BAR, 1).ledger).toMatchObject({ p2mTables: 2, p2mSplits: 2, tlbFlushes: 3 });
    expect(translate(domain.p2m, 4 * GIB + 1000)).toMatchObject({ frame: 0x40000 + 1000, order: 9 });
    expect(rawAt(domain.p2m, 4 * GIB + 6)).toBe("0000000040006067");
  });

  it("gives back everything when the pool runs dry in the middle of a split", () => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null });
    grant(domain, BAR, 1);
    populate(domain, g(4 * GIB), 18, 1, m(0x40000));
    const before = rawAt(domain.p2m, 4 * GIB);
    Object.assign(domain.pool, { pages: domain.pool.used + 300 });
    const { used } = domain.pool;
    const { ledger, value } = mapped(domain, 4 * GIB + 5, BAR, 1);
    expect(value.lastReturn).toBe(-12);
    expect(ledger).toMatchObject({ p2mTables: 300, p2mTablesFreed: 300 });
    expect(domain.pool.used).toBe(used);
    expect(rawAt(domain.p2m, 4 * GIB)).toBe(before);
    expect(domain.crashed).toBe(false);
  });

  it("frees the table that a superpage replaces", () => {
    const { domain } = makeGuest({ xen: "4.17", iommu: null });
    for (let i = 0; i < 512; i++) populate(domain, g(0x200 + i), 0, 1, m(0x30000 + 2 * i));
    const { ledger } = booked(domain, () => populate(domain, g(0x200), 9, 1, m(0x40000)));
    expect(ledger).toMatchObject({ p2mTablesFreed: 1, p2mEntries: 1, tlbFlushes: 1 });
  });

  it("keeps the tables made on the way when the next one is missing (11.2)", () => {
    const domain = guest({ xen: "4.17", iommu: null });
    Object.assign(domain.pool, { pages: domain.pool.used + 1 });
    expect(memoryMapping(domain, AT, BAR, 1, true)).toBe(-12);
    expect(domain.pool.used).toBe(domain.pool.pages);
    expect(lookUp(domain, AT).mfn).toBe(-1);
    expect(domain.crashed).toBe(false);
  });
});

describe("recalculation (5.7)", () => {
  it("marks the root, passes marks down along the path, and recomputes a whole last-level table", () => {
    const domain = guest({ xen: "4.12", options: { snoop: false } });
    mapped(domain, AT, BAR, 10);
    const marked = () => [0, 1, 9].map((i) => rawAt(domain.p2m, AT + i)?.slice(-3));
    expect(marked()).toEqual(["307", "307", "307"]);
    const { ledger } = mapped(domain, AT + 10, BAR + 10, 1);
    // Root, PDPT, PD: each pointer's mark goes down, and the ten leaves get theirs.
    expect(ledger.markLeafStores).toBe(10);
    expect(marked()).toEqual(["33f", "33f", "33f"]);
    const { ledger: next } = mapped(domain, AT + 3, BAR + 30, 1);
    expect(next.recalcLeafStores).toBe(11);
    expect(marked()).toEqual(["307", "307", "307"]);
  });

  it("books what 10.5 says a call costs in the steady state", () => {
    const steady = (offset: number, pages: number) => {
      const domain = guest({ xen: "4.16" });
      mapped(domain, AT + offset, BAR, pages);
      const { ledger } = booked(domain, () => memoryMapping(domain, AT + offset + pages, BAR + pages, pages, true));
      return [ledger.markLeafStores, ledger.markPointerStores, ledger.markReads];
    };
    // 64 blocks of 2 MiB a call, the second call of its 1 GiB region; 64 pages likewise.
    expect(steady(0, 64 * 512)).toEqual([64, 4, 1536]);
    expect(steady(0, 64)).toEqual([64, 6, 2048]);
    const first = guest({ xen: "4.16" });
    mapped(first, AT, BAR, 64 * 512);
    const { ledger } = mapped(first, AT + GIB, BAR + GIB, 512);
    expect([ledger.markLeafStores, ledger.markPointerStores, ledger.markReads]).toEqual([0, 3, 1024]);
  });

  it("splits a marked superpage when read-only frames have come into it", () => {
    const { domain, machine } = runningGuest({ xen: "4.16" });
    grant(domain, BAR, GIB);
    mapped(domain, AT, BAR, 512);
    machine.mmioRo = FrameSet.of<Mfn>({ start: BAR + 3, end: BAR + 4 });
    memoryTypeChanged(domain);
    mapped(domain, AT + 512, BAR + 512, 512);
    // Nothing yet: the mark has only reached the leaf. Now it is the target of a write.
    memoryTypeChanged(domain);
    expect(translate(domain.p2m, AT)?.order).toBe(9);
    unmapped(domain, AT + 8, BAR + 8, 1);
    expect(rawAt(domain.p2m, AT + 4)?.slice(-3)).toBe("b47");
    expect(rawAt(domain.p2m, AT + 3)?.slice(-3)).toBe("945");
  });

  it("leaves the mark when that split finds no table (11.2)", () => {
    const { domain, machine } = runningGuest({ xen: "4.16" });
    grant(domain, BAR, GIB);
    mapped(domain, AT, BAR, 512);
    machine.mmioRo = FrameSet.of<Mfn>({ start: BAR + 3, end: BAR + 4 });
    memoryTypeChanged(domain);
    Object.assign(domain.pool, { pages: domain.pool.used });
    expect(memoryMapping(domain, AT, BAR, 512, false)).toBe(-12);
    expect(translate(domain.p2m, AT)).toMatchObject({ order: 9 });
    expect((translate(domain.p2m, AT)!.lo >>> 3) & 7).toBe(7);
    expect(domain.crashed).toBe(false);
  });
});

describe("NPT entries (6)", () => {
  it.each(["4.13", "4.22"])("%s has the values of 6.1", (xen) => {
    const domain = guest({ xen, cpu: "amd", mmioRo: [{ start: BAR + 1, end: BAR + 2 }] });
    populate(domain, g(0x400), 0, 1, m(0x30000));
    mapped(domain, AT, BAR, 2);
    mapped(domain, AT + 512, BAR + 512, 512);
    expect(flagsOf(rawAt(domain.p2m, AT), BAR)).toBe("0050000000000077");
    expect(flagsOf(rawAt(domain.p2m, AT + 1), BAR + 1)).toBe("005000000000007d");
    expect(flagsOf(rawAt(domain.p2m, AT + 512), BAR + 512)).toBe("00500000000000f7");
    expect(flagsOf(rawAt(domain.p2m, 0x400), 0x30000)).toBe("0000000000000067");
    expect(flagsOf(rawAt(domain.p2m, 0x200), 0x20200)).toBe("00000000000000e7");
    const [lo] = domain.p2m.memory.words(domain.p2m.root);
    expect(lo! & 0xfff).toBe(0x67);
    unmapped(domain, AT, BAR, 1);
    const { at } = lookUp(domain, AT);
    expect([at.lo, at.hi]).toEqual([0, 0]);
  });

  it("stores no access right", () => {
    const domain = guest({ xen: "4.17", cpu: "amd" });
    mapMmioRegions(domain, g(AT), 1, m(BAR), 1);
    expect(flagsOf(rawAt(domain.p2m, AT), BAR)).toBe("0050000000000077");
  });

  it.each([
    ["AMD without IOMMU", { cpu: "amd", iommu: null }, {}, "60500000000000f7"],
    ["AMD with its IOMMU", { cpu: "amd" }, {}, "0050000000000077"],
    ["shadow mode on Intel", { cpu: "intel" }, { hap: false }, "6050000000000077"],
  ] as const)("carry IOMMU bits up to 4.12 where the global flag is set (6.2): %s", (_, machine, spec, raw) => {
    const domain = guest({ xen: "4.12", ...machine }, spec);
    mapped(domain, AT, BAR, 512);
    const order = translate(domain.p2m, AT)!.order;
    // 4.12 maps 2 MiB under HAP alone.
    const wanted = order === 9 ? raw.replace(/77$/, "f7") : raw;
    expect(flagsOf(rawAt(domain.p2m, AT), BAR)).toBe(wanted);
    const [lo, hi] = domain.p2m.memory.words(domain.p2m.root);
    const carries = raw.startsWith("6");
    expect([(lo! >>> 9) & 7, hi! >>> 29]).toEqual(carries ? [3, 3] : [0, 0]);
  });
});

describe("reasons of orders", () => {
  it("are given for each stretch, and a demotion explains the rest of its region only", () => {
    const domain = guest({ xen: "4.17", mmioRo: [{ start: BAR + 600, end: BAR + 601 }] });
    mapped(domain, AT + 500, BAR + 500, 12 + 512 * 3 + 7);
    mapped(domain, AT + 512 + 100, BAR + 612, 3);
    expect(domain.decisions.map(({ gfn, pages, order, because }) => [gfn - AT, pages, order, because])).toEqual([
      [500, 12, 0, "before-boundary"],
      [512, 512, 0, "read-only-frames"],
      [1024, 1024, 9, "aligned-2m"],
      [2048, 7, 0, "after-boundary"],
      [612, 3, 0, "after-boundary"],
    ]);
  });
});
