/** The IOMMU's tables: sharing, requests, roll-back, VT-d, AMD-Vi (xen-mapping.md 7). */
import { describe, expect, it } from "vitest";
import { frameField } from "../../src/format/format.ts";
import { newPosition, translate, walk } from "../../src/radix/tree.ts";
import { assignDevice } from "../../src/xen/devices.ts";
import { memoryMapping } from "../../src/xen/domctl.ts";
import { requestMap, requestUnmap } from "../../src/xen/iommu/request.ts";
import { type MachineSpec, makeMachine } from "../../src/xen/machine.ts";
import { mapMmioRegions } from "../../src/xen/map-mmio.ts";
import { populate } from "../../src/xen/ram.ts";
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
const own = (xen: string, cpu: "intel" | "amd" = "intel", more: Partial<MachineSpec> = {}): MachineSpec => ({
  xen,
  cpu,
  options: { sharept: false },
  ...more,
});
const guest = (machine: MachineSpec, spec = {}) => {
  const { domain } = runningGuest(machine, spec);
  grant(domain, BAR, 4 * GIB);
  return domain;
};
const treeOf = (domain: ReturnType<typeof guest>) => domain.iommu!.tree;
/** Raw entry of a level on the way to a dfn. */
function entryAt(domain: ReturnType<typeof guest>, dfn: number, level: number) {
  const at = newPosition();
  walk(treeOf(domain), dfn, level, at);
  return at;
}

describe("when VT-d may share (7.3)", () => {
  const shares = (xen: string, p2m: [boolean, boolean], unit: [boolean, boolean], superpages = true) =>
    makeMachine({
      xen,
      has2m: p2m[0],
      has1g: p2m[1],
      iommu: { has2m: unit[0], has1g: unit[1] },
      options: { superpages },
    }).sharesTables;

  it.each([
    // EPT, VT-d: equal; subset; VT-d has less.
    ["4.11", true, false, false],
    ["4.12.2", true, false, false],
    ["4.13.0", true, false, false],
    ["4.12.3", true, true, false],
    ["4.13.1", true, true, false],
    ["4.16", true, true, false],
    ["4.17", true, true, false],
  ])("%s: equal %s, subset %s, less %s", (xen, equal, subset, less) => {
    expect(shares(xen, [true, true], [true, true])).toBe(equal);
    expect(shares(xen, [true, false], [true, false])).toBe(equal);
    expect(shares(xen, [true, false], [true, true])).toBe(subset);
    expect(shares(xen, [true, true], [true, false])).toBe(less);
  });

  it("4.17 also wants iommu=superpages, which earlier releases do not know", () => {
    expect(shares("4.17", [true, true], [true, true], false)).toBe(false);
    expect(shares("4.16", [true, true], [true, true], false)).toBe(true);
    expect(shares("4.17", [false, false], [true, true], false)).toBe(true);
  });

  it("never shares with AMD-Vi, without HAP, or with no-sharept (7.1)", () => {
    expect(makeMachine({ xen: "4.17", cpu: "amd" }).sharesTables).toBe(false);
    expect(makeMachine({ xen: "4.17", options: { hap: false } }).sharesTables).toBe(false);
    expect(makeMachine({ xen: "4.17", options: { sharept: false } }).sharesTables).toBe(false);
    // The domain's own wish, and shadow mode.
    expect(makeGuest({ xen: "4.17" }, { iommu: "sync_pt" }).domain.iommuMode).toBe("sync");
    expect(makeGuest({ xen: "4.17" }, { iommu: "share_pt" }).domain.iommuMode).toBe("shared");
    expect(makeGuest({ xen: "4.17" }, { hap: false }).domain.iommuMode).toBe("sync");
  });
});

describe("the first device of an early release (7.2)", () => {
  it("enters RAM page by page, without the MMIO mapped before, and flushes once", () => {
    const { domain } = makeGuest(own("4.11"), { mtrrsSet: true });
    populate(domain, g(0), 9, 2, m(0x20000));
    grant(domain, BAR, 1);
    mapped(domain, AT, BAR, 1);
    const { ledger } = booked(domain, () => assignDevice(domain, "0000:03:00.0"));
    expect(ledger).toMatchObject({ iommuMapCalls: 1024, iommuEntries: 1024, iotlbFlushes: 1 });
    expect(rawAt(treeOf(domain), 5)).toBe("0000000020005803");
    expect(translate(treeOf(domain), AT)).toBeNull();
  });

  it("decides whether MMIO may be 2 MiB (1.2)", () => {
    const { domain } = makeGuest({ xen: "4.11" });
    grant(domain, BAR, GIB);
    expect(mapped(domain, AT, BAR, 512).ledger.iterations).toBe(512);
    assignDevice(domain, "0000:03:00.0");
    expect(mapped(domain, AT + 512, BAR + 512, 512).ledger.iterations).toBe(1);
    expect(domain.decisions.map(({ because }) => because)).toEqual(["iommu-not-in-use", "aligned-2m"]);
  });
});

describe("failures (7.4, 11.2, 11.3)", () => {
  it.each([
    ["4.8", "intel", -12],
    ["4.11", "amd", -14],
    ["4.12", "intel", -12],
    ["4.16", "amd", -14],
    ["4.22", "intel", -12],
  ] as const)(
    "%s %s: the P2M entry is written, the IOMMU's part is taken back, the domain crashes",
    (xen, cpu, error) => {
      // RAM, which has DMA rights in all releases: two pages each side of a 2 MiB boundary, and memory for one table.
      for (const hardwareDomain of [false, true]) {
        const domain = guest(own(xen, cpu), { hardwareDomain });
        domain.machine.iommuPages = 1;
        const owner = booked(domain, () => {
          requestMap(domain, 0x601, 0x30001, 0, 1, 3);
          return populate(domain, g(0xa00), 0, 1, m(0x31000));
        });
        expect(owner.value).toBe(1 - Number(["4.16", "4.22"].includes(xen)));
        expect(domain.log.at(-1)).toBe(
          `d1: IOMMU mapping ${xen < "4.12" && xen !== "4.8" ? "gfn" : xen === "4.8" ? "gfn" : "dfn"} 0xa00 to mfn 0x31000 failed: ${error}`,
        );
        expect(translate(domain.p2m, 0xa00)?.frame).toBe(0x31000);
        expect(translate(treeOf(domain), 0xa00)).toBeNull();
        expect(domain.crashed).toBe(!hardwareDomain || cpu === "amd");
      }
    },
  );

  it.each([
    ["4.12", "intel"],
    ["4.16", "amd"],
  ] as const)("%s %s: the pages of the request that were done are unmapped again", (xen, cpu) => {
    // dfn and mfn disagree modulo 2 MiB, and the request crosses into a region without a table.
    const domain = guest(own(xen, cpu));
    requestMap(domain, 0x800, 0x31000, 0, 1, 3);
    domain.machine.iommuPages = 0;
    const { ledger, value } = booked(domain, () => requestMap(domain, 0x9ff, 0x30000, 1, 1, 3));
    expect(value).toBe(cpu === "amd" ? -14 : -12);
    expect(ledger).toMatchObject({ iommuMapCalls: 1, iommuVendorCalls: 3, iommuEntries: 2 });
    expect(translate(treeOf(domain), 0x9ff)).toBeNull();
    expect(translate(treeOf(domain), 0x800)).not.toBeNull();
  });
});

describe("page sizes of a request (7.4, 7.5)", () => {
  it("climbs one announced size at a time", () => {
    const orders = (dfn: number, mfn: number, order: number, machine: Partial<MachineSpec> = {}) => {
      const domain = guest(own("4.17", "intel", machine));
      const { ledger } = booked(domain, () => requestMap(domain, dfn, mfn, order, 1, 3));
      return ledger.iommuVendorCalls;
    };
    expect(orders(4 * GIB, 8 * GIB, 18)).toBe(1);
    expect(orders(4 * GIB, 8 * GIB + 512, 18)).toBe(512);
    expect(orders(4 * GIB, 8 * GIB + 1, 9)).toBe(512);
    expect(orders(4 * GIB, 8 * GIB, 18, { iommu: { has1g: false } })).toBe(512);
    // 1 GiB without 2 MiB is out of reach: the climb stops at the first size that does not fit.
    expect(orders(4 * GIB, 8 * GIB, 9, { options: { sharept: false, superpages: false } })).toBe(512);
  });
});

describe("rights (7.6)", () => {
  it.each([
    [7, 3],
    [3, 3],
    [1, 1],
    [5, 1],
    [8, 1],
    [10, 1],
    [2, 2],
    [6, 2],
    [0, 0],
    [4, 0],
    [9, 0],
  ])("access %d gives %d from the access right on", (access, rights) => {
    const domain = guest(own("4.22"));
    mapMmioRegions(domain, g(AT), 1, m(BAR), access);
    expect((translate(treeOf(domain), AT)?.lo ?? 0) & 3).toBe(rights);
  });

  it("takes write away from read-only frames", () => {
    const domain = guest(own("4.17", "amd", { mmioRo: [{ start: BAR, end: BAR + 1 }] }));
    mapped(domain, AT, BAR, 2);
    expect(flagsOf(rawAt(treeOf(domain), AT), BAR)).toBe("3000000000000001");
    expect(rawAt(treeOf(domain), AT + 1)?.startsWith("7")).toBe(true);
  });
});

describe("raw entries (7.7, 7.10)", () => {
  it("VT-d", () => {
    const domain = guest(own("4.16"));
    mapped(domain, AT, BAR, 1);
    expect(flagsOf(rawAt(treeOf(domain), AT), BAR)).toBe("0000000000000803");
    const { lo, hi } = entryAt(domain, AT, 2);
    expect(flagsOf(hex16(lo, hi), frameField(lo, hi))).toBe("0000000000000003");
    const rough = guest(own("4.16", "intel", { iommu: { snoopControl: false } }));
    mapped(rough, AT, BAR, 1);
    expect(flagsOf(rawAt(treeOf(rough), AT), BAR)).toBe("0000000000000003");
    const large = guest(own("4.17"));
    mapped(large, AT + 512, BAR + 512, 512);
    expect(flagsOf(rawAt(treeOf(large), AT + 512), BAR + 512)).toBe("0000000000000883");
  });

  it("AMD-Vi", () => {
    const domain = guest(own("4.16", "amd"));
    mapped(domain, AT, BAR, 1);
    expect(flagsOf(rawAt(treeOf(domain), AT), BAR)).toBe("7000000000000001");
    const { lo, hi } = entryAt(domain, AT, 2);
    expect(flagsOf(hex16(lo, hi), frameField(lo, hi))).toBe("6000000000000201");
    const top = entryAt(domain, AT, 4);
    expect((top.lo >>> 9) & 7).toBe(3);
    const large = guest(own("4.17", "amd"));
    mapped(large, AT + 512, BAR + 512, 512);
    expect(flagsOf(rawAt(treeOf(large), AT + 512), BAR + 512)).toBe("7000000000000001");
    expect(translate(treeOf(large), AT + 700)).toMatchObject({ frame: BAR + 700, order: 9 });
  });

  it("has no markers in root tables (7.8)", () => {
    for (const cpu of ["intel", "amd"] as const) {
      const { domain } = makeGuest(own("4.22", cpu, { physBits: 39 }));
      populate(domain, g(0), 18, 1, m(0x40000));
      const root = domain.machine.memory.words(treeOf(domain).root);
      const shift = cpu === "intel" ? 20 : 1;
      const words = [...root].filter((_, i) => i % 2 === (cpu === "intel" ? 1 : 0));
      expect(words.map((word) => (word >>> shift) & 15)).toEqual(new Array(512).fill(0));
    }
  });
});

describe("coalescing and freeing (7.7, 7.8, 7.10)", () => {
  it.each([
    ["intel", 18],
    ["amd", 18],
  ] as const)("%s turns a whole 1 GiB of 2 MiB leaves into one leaf of order %d", (cpu, order) => {
    const domain = guest(own("4.17", cpu));
    const { ledger } = mapped(domain, AT, BAR, GIB);
    expect(ledger).toMatchObject({ iommuMerges: 1, iommuTables: 1, iommuTablesFreed: 1, iotlbDomainCommands: 1 });
    expect(translate(treeOf(domain), AT + 12345)).toMatchObject({ frame: BAR + 12345, order });
    const back = unmapped(domain, AT, BAR, GIB).ledger;
    expect(back).toMatchObject({ iommuTables: 1, iommuTablesFreed: 1, iommuSplitStores: 512, iotlbCommands: 511 });
    expect(back.iotlbDomainCommands).toBe(1);
    expect(translate(treeOf(domain), AT)).toBeNull();
  });

  it("goes from single pages to 1 GiB, and with iommu=no-superpages on AMD-Vi only", () => {
    const orders = (["intel", "amd"] as const).map((cpu) => {
      const domain = guest(own("4.17", cpu, { options: { sharept: false, superpages: false } }));
      mapped(domain, AT, BAR, GIB);
      return translate(treeOf(domain), AT)?.order;
    });
    expect(orders).toEqual([0, 18]);
    const shadow = guest(own("4.17"), { hap: false });
    const { ledger } = mapped(shadow, AT, BAR, GIB);
    expect(ledger).toMatchObject({ iommuMapCalls: GIB, iommuMerges: 513, iommuTables: 513, iommuTablesFreed: 513 });
  });

  it("keeps the top tables: of a BAR that is gone, root and level 3 remain", () => {
    const { domain } = makeGuest(own("4.17", "amd"));
    grant(domain, BAR, GIB);
    mapped(domain, AT + 1, BAR, 1000);
    const { ledger } = unmapped(domain, AT + 1, BAR, 1000);
    expect(ledger.iommuTablesFreed).toBe(3);
    expect(domain.ledger.iommuTables - domain.ledger.iommuTablesFreed).toBe(1);
    expect(entryAt(domain, AT, 1)).toMatchObject({ level: 3, lo: expect.any(Number) });
  });

  it("does not merge at the top of shallow AMD-Vi tables, nor store over what is there", () => {
    const domain = guest(own("4.22", "amd", { physBits: 39 }));
    requestMap(domain, 4 * GIB, 8 * GIB, 0, 1, 3);
    // A 1 GiB request replaces the tables below it and reaches the root.
    const { ledger } = booked(domain, () => requestMap(domain, 4 * GIB, 8 * GIB, 18, 1, 3));
    expect(ledger).toMatchObject({ iommuEntries: 1, iommuTablesFreed: 2, iommuMerges: 0, iotlbDomainCommands: 1 });
    const same = booked(domain, () => requestMap(domain, 4 * GIB, 8 * GIB, 18, 1, 3)).ledger;
    expect(same).toMatchObject({ iommuEntries: 0, iotlbDomainCommands: 0, iotlbCommands: 0 });
  });

  it("leaves a position alone whose table is absent", () => {
    for (const cpu of ["intel", "amd"] as const) {
      const domain = guest(own("4.17", cpu));
      const { ledger } = booked(domain, () => requestUnmap(domain, AT, 9, 1));
      expect(ledger).toMatchObject({ iommuUnmapCalls: 1, iommuTables: 0, iommuEntries: 0, iotlbFlushes: 0 });
    }
  });

  it("stores no 1 GiB leaf for a range congruent modulo 2 MiB only", () => {
    const domain = guest(own("4.22", "amd"));
    const { ledger } = mapped(domain, AT + 512, BAR, GIB);
    expect(ledger).toMatchObject({
      iommuMerges: 0,
      iommuTables: 2,
      iotlbDomainCommands: 0,
      markerStores: expect.any(Number),
    });
  });
});

describe("commands (7.7, 7.10, 10.4)", () => {
  it("are sent for fresh entries in caching mode", () => {
    const domain = guest(own("4.16", "intel", { iommu: { cachingMode: true, units: 2 } }));
    expect(mapped(domain, AT, BAR, 512).ledger).toMatchObject({ iotlbCommands: 2, iotlbDomainCommands: 0 });
    const shared = guest({ xen: "4.16", iommu: { cachingMode: true, units: 2 } });
    expect(mapped(shared, AT, BAR, 512).ledger).toMatchObject({ iotlbCommands: 2, iotlbFlushes: 1 });
  });

  it("become domain-wide beyond the unit's mask", () => {
    const domain = guest(own("4.16", "intel", { iommu: { maxMask: 8 } }));
    mapped(domain, AT, BAR, 513);
    const { ledger } = unmapped(domain, AT, BAR, 513);
    expect(ledger).toMatchObject({ iotlbCommands: 1, iotlbDomainCommands: 1 });
  });

  it("go to VT-d units only where a device of the domain sits, to all AMD IOMMUs", () => {
    const commands = (cpu: "intel" | "amd") => {
      const { domain } = makeGuest(own("4.17", cpu, { iommu: { units: 4 } }));
      grant(domain, BAR, 1);
      mapped(domain, AT, BAR, 1);
      return unmapped(domain, AT, BAR, 1).ledger.iotlbDomainCommands;
    };
    expect([commands("intel"), commands("amd")]).toEqual([0, 4]);
  });
});

describe("AMD-Vi up to 4.11 (7.10)", () => {
  const assigned = (xen: string, spec = {}) => {
    const { domain } = makeGuest(own(xen, "amd"), spec);
    assignDevice(domain, "0000:03:00.0");
    return domain;
  };
  /** Count kept in the pointer to the level-1 table: bits 8:1 and 63. */
  const countAt = (domain: ReturnType<typeof assigned>, dfn: number) => {
    const { lo, hi } = entryAt(domain, dfn, 2);
    return ((lo >>> 1) & 0xff) + 256 * (hi >>> 31);
  };

  it("counts consecutive entries and merges at the 512th", () => {
    const domain = assigned("4.11.4");
    requestMap(domain, 0x600, 0x30000, 0, 300, 3);
    expect(countAt(domain, 0x600)).toBe(300);
    expect(translate(treeOf(domain), 0x600)?.order).toBe(0);
    requestMap(domain, 0x600 + 300, 0x30000 + 300, 0, 211, 3);
    expect(countAt(domain, 0x600)).toBe(511);
    requestMap(domain, 0x600 + 511, 0x30000 + 511, 0, 1, 3);
    expect(translate(treeOf(domain), 0x7ff)).toMatchObject({ frame: 0x301ff, order: 9 });
  });

  it("starts again at 0 where slot 0 is no aligned beginning, and not at all over frame 0", () => {
    const shifted = assigned("4.11.4");
    requestMap(shifted, 0x600, 0x30001, 0, 512, 3);
    expect(countAt(shifted, 0x600)).toBe(0);
    const identity = assigned("4.11.4");
    requestMap(identity, 0, 0, 0, 1024, 3);
    expect([0, 0x200].map((dfn) => translate(treeOf(identity), dfn)?.order)).toEqual([0, 9]);
    expect(countAt(identity, 0)).toBe(0);
  });

  it("stops for good on a replaced entry, on an unmap, or when the guest runs", () => {
    const ends: ((domain: ReturnType<typeof assigned>) => void)[] = [
      (domain) => requestMap(domain, 0x10, 0x777, 0, 1, 3),
      (domain) => requestUnmap(domain, 0x10, 0, 1),
      (domain) => {
        domain.started = true;
      },
    ];
    for (const end of ends) {
      const domain = assigned("4.11.4");
      requestMap(domain, 0x10, 0x555, 0, 1, 3);
      end(domain);
      requestMap(domain, 0x600, 0x30000, 0, 512, 3);
      expect(domain.amdMerging).toBe(false);
      expect(translate(treeOf(domain), 0x600)?.order).toBe(0);
    }
    // Early releases merge whatever happened.
    const early = assigned("4.11.0", { started: true });
    requestMap(early, 0x600, 0x30000, 0, 512, 3);
    expect(translate(treeOf(early), 0x600)?.order).toBe(9);
  });

  it("sends early releases' HVM domains a command a changed frame, later ones a command a replaced entry", () => {
    const commands = (xen: string, spec = {}) => {
      const domain = assigned(xen, { started: true, ...spec });
      const sent = (work: () => unknown) => booked(domain, work).ledger.iotlbCommands;
      return [
        sent(() => requestMap(domain, 0x601, 0x30001, 0, 4, 3)),
        sent(() => requestMap(domain, 0x601, 0x30001, 0, 4, 3)),
        sent(() => requestMap(domain, 0x601, 0x30001, 0, 4, 1)),
        sent(() => requestMap(domain, 0x601, 0x50001, 0, 4, 3)),
        sent(() => requestUnmap(domain, 0x601, 0, 8)),
      ];
    };
    expect(commands("4.11.0")).toEqual([4, 0, 0, 4, 8]);
    expect(commands("4.11.0", { guest: "pv" })).toEqual([0, 0, 0, 0, 8]);
    expect(commands("4.11.1")).toEqual([0, 0, 4, 4, 8]);
    expect(commands("4.11.1", { guest: "pv" })).toEqual([0, 0, 4, 4, 8]);
  });

  it("grows its tables, with a flush of everything each time", () => {
    const domain = assigned("4.11.0");
    const { ledger } = booked(domain, () => requestMap(domain, 512 * GIB, 0x30001, 0, 1, 3));
    expect(treeOf(domain).levels).toBe(4);
    // Two roots, and three tables down to the page.
    expect(ledger).toMatchObject({ iommuTables: 5, iommuPointers: 5, iotlbDomainCommands: 2 });
  });
});

it("makes AMD-Vi refuse a frame beyond a fixed depth, and keeps what was mapped", () => {
  const domain = guest(own("4.22", "amd", { physBits: 39 }));
  mapped(domain, AT, 32 * GIB, 0);
  grant(domain, 32 * GIB, 1);
  expect(memoryMapping(domain, 512 * GIB, 32 * GIB, 1, true)).toBe(-14);
  expect(domain.crashed).toBe(true);
});
