import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { Operation } from "../../src/xen/operations.ts";
import { treesEqual } from "./helpers.ts";
import { runScenario, type Scenario, scenario, stateOf } from "./scripts.ts";

/*
 * The engine that describes what only repeats, and the one that goes block by block, for many short scripts: results,
 * ledger, log, decisions, and every byte of every table. CI compares ten thousand of them, a run by hand a part.
 */

/** How often regions were described, by level: a comparison of the block-by-block engine with itself would prove nothing. */
const described = vi.hoisted(() => new Map<number, number>());
vi.mock("../../src/xen/fast-forward-tables.ts", async (original) => {
  const actual = await original<typeof import("../../src/xen/fast-forward-tables.ts")>();
  return {
    ...actual,
    lay: (...args: Parameters<typeof actual.lay>) => {
      described.set(args[1], (described.get(args[1]) ?? 0) + 1);
      actual.lay(...args);
    },
  };
});

const SEQUENCES = process.env.CI ? 10_000 : 1_000;
/** Sequences in a hundred that are long enough for whole regions to repeat. */
const LONG_2M = 6;
const LONG_SEAM = 4;
const LONG_1G = 2;

const MIB2 = 512;
const GIB = 0x40000;

/** Where a long request starts: in the middle of a 2 MiB region or at its edge; near the end of a table, or not. */
const place = fc.record({
  gfn: fc.constantFrom(8 * GIB, 8 * GIB + 3, 8 * GIB + 500 * MIB2, 9 * GIB - 4 * MIB2 - 7),
  mfn: fc.constantFrom(0x2000000, 0x2000000 + 3, 0x2000000 + 1, 0x2000000 + MIB2, 0x2000000 + GIB + 100),
});

/** Where a long request meets the end of a table after seven regions or so, and goes on in the next one as before. */
const seam = fc.record({
  gfn: fc.constantFrom(9 * GIB - 8 * MIB2 + 3, 9 * GIB - 7 * MIB2, 512 * GIB - 7 * MIB2, 10 * GIB - 9 * MIB2 + 500),
  mfn: fc.constantFrom(0x2000000, 0x2000000 + 3, 0x2000000 + 1, 0x2000000 + GIB - 7 * MIB2, 0x2000000 + GIB + 100),
});

const request = (gfn: number, mfn: number, pages: number, add: boolean): Operation => ({
  op: "memory_mapping",
  domain: 1,
  gfn,
  mfn,
  pages,
  add,
});

const BETWEEN: Readonly<Record<"nothing" | "device" | "permission", readonly Operation[]>> = {
  nothing: [],
  device: [{ op: "assign_device", domain: 1, device: "0000:05:00.0" }],
  permission: [{ op: "iomem_permission", domain: 1, mfn: 0x2000000, pages: 4 * 0x40000, allow: true }],
};

/** Nothing is skipped while lines are still kept. */
const silent = (base: Scenario, operations: readonly Operation[], poolPages: number, large: boolean): Scenario => ({
  ...base,
  machine: {
    ...base.machine,
    iommuPages: Number.POSITIVE_INFINITY,
    // Only where P2M and IOMMU both take 2 MiB entries is 1 GiB a matter of a thousand steps.
    ...(large
      ? { cpu: "intel" as const, has1g: true, options: { sharept: true, superpages: true, hap2mb: true } }
      : {}),
  },
  domain: {
    ...base.domain,
    guest: "hvm",
    logLimit: 0,
    poolPages,
    ...(large ? { hap: true, iommu: "default" as const } : {}),
  },
  assignFirst: large || base.assignFirst,
  operations,
});

/**
 * Six or more tables of 4 KiB entries that are alike, with something in the way, a pool that runs dry, or a partial end;
 * twice as many where they lie on both sides of a seam.
 */
const pages4k = (where: typeof place, least: number): fc.Arbitrary<Scenario> =>
  fc
    .record({
      base: scenario,
      place: where,
      regions: fc.integer({ min: least, max: least + 3 }),
      rest: fc.constantFrom(0, 1, 63, 64, 300),
      obstacle: fc.option(fc.integer({ min: 0, max: (least + 3) * MIB2 }), { nil: null }),
      pool: fc.constantFrom(1 << 20, 1 << 20, 58, 62, 66),
      after: fc.constantFrom<"remove" | "part" | "again" | "nothing">("remove", "part", "again", "nothing"),
      cut: fc.constantFrom(1, 64, MIB2, 2 * MIB2 + 5),
      // Another device's region that goes as the first one's did, or nearly so.
      next: fc.option(
        fc.record({
          gap: fc.constantFrom(0, 64, 2 * MIB2, GIB),
          apart: fc.constantFrom(0, 0, MIB2),
          between: fc.constantFrom<"nothing" | "device" | "permission">("nothing", "nothing", "device", "permission"),
        }),
        { nil: null },
      ),
      maxCalls: fc.constantFrom(undefined, undefined, 41, 48, 55),
    })
    .map(({ base, place: { gfn, mfn }, regions, rest, obstacle, pool, after, cut, next, maxCalls }) => {
      const pages = regions * MIB2 + rest;
      const shifted = mfn % MIB2 === gfn % MIB2 ? mfn + 1 : mfn;
      const operations = [
        ...(obstacle === null ? [] : [request(gfn + obstacle, shifted + obstacle, 1, true)]),
        { ...request(gfn, shifted, pages, true), ...(maxCalls === undefined ? {} : { maxCalls }) },
        ...(after === "nothing" ? [] : [request(gfn + (after === "part" ? cut : 0), shifted, pages - cut, false)]),
        ...(after === "again" ? [request(gfn, shifted, pages, true)] : []),
        ...(next === null
          ? []
          : [
              ...BETWEEN[next.between],
              request(gfn + pages + next.gap, shifted + pages + next.gap + next.apart, pages, true),
            ]),
      ];
      return silent(base, operations, pool, false);
    });

/** Six whole 1 GiB regions and more, in 2 MiB blocks. */
const blocks2m: fc.Arbitrary<Scenario> = fc
  .record({
    base: scenario,
    regions: fc.integer({ min: 6, max: 8 }),
    head: fc.constantFrom(0, 0, MIB2, 100 * MIB2),
    rest: fc.constantFrom(0, MIB2, 70 * MIB2 + 9),
    remove: fc.boolean(),
    cut: fc.constantFrom(0, MIB2, GIB),
  })
  .map(({ base, regions, head, rest, remove, cut }) => {
    const gfn = 16 * GIB + head;
    const mfn = 0x2000000 + head;
    const pages = regions * GIB + rest;
    const operations: Operation[] = [
      { op: "iomem_permission", domain: 1, mfn: 0x2000000, pages: 16 * GIB, allow: true },
      request(gfn, mfn, pages, true),
      ...(remove ? [request(gfn + cut, mfn + cut, pages - cut, false)] : []),
    ];
    return silent(base, operations, 1 << 20, true);
  });

/** Short enough that thousands take a minute: a few operations of a few hundred pages. */
const short: fc.Arbitrary<Scenario> = scenario.map((chosen) => ({
  ...chosen,
  operations: chosen.operations
    .filter((operation) => operation.op !== "populate" || operation.order < 18)
    .slice(0, 4)
    .map((operation) =>
      operation.op === "memory_mapping" && operation.pages > 700
        ? { ...operation, pages: 512 + (operation.pages % 150) }
        : operation,
    ),
}));

let compared = 0;

function check(chosen: Scenario): void {
  const stretches = runScenario(chosen, false);
  const steps = runScenario(chosen, true);
  expect(stateOf(stretches)).toEqual(stateOf(steps));
  const [fast, slow] = [stretches, steps].map(({ world }) => world.domains.get(1)!);
  expect(treesEqual(fast!.p2m, slow!.p2m)).toEqual([]);
  expect(treesEqual(fast!.iommu?.tree ?? null, slow!.iommu?.tree ?? null)).toEqual([]);
  compared++;
}

describe("what is described and what is carried out", () => {
  const part = (percent: number): number => (SEQUENCES * percent) / 100;
  afterAll(() => {
    const times = (level: number): number => described.get(level) ?? 0;
    process.stdout.write(
      `equal: ${compared} sequences compared; tables were described ${times(1)} times for regions of 2 MiB, ${times(2)} of 1 GiB\n`,
    );
  });

  it("agree for short scripts of every kind", () => {
    fc.assert(fc.property(short, check), { numRuns: part(100 - LONG_2M - LONG_SEAM - LONG_1G) });
  }, 300_000);

  it("agree where one 2 MiB region after the other repeats", () => {
    fc.assert(fc.property(pages4k(place, 6), check), { numRuns: part(LONG_2M) });
  }, 300_000);

  it("agree where they go on repeating in the next table", () => {
    fc.assert(fc.property(pages4k(seam, 12), check), { numRuns: part(LONG_SEAM) });
  }, 300_000);

  it("agree where one 1 GiB region after the other repeats", () => {
    fc.assert(fc.property(blocks2m, check), { numRuns: part(LONG_1G) });
  }, 300_000);

  it("agree where counts of an earlier mapping make a table whole before its last region", () => {
    // AMD-Vi's merging up to 4.11 counts stores, not places: 300 regions, taken away, and 600 from there on again.
    const [gfn, mfn] = [8 * GIB, 0x2000000];
    const operations = [true, false].map((add) => request(gfn, mfn, 300 * MIB2, add));
    check({
      machine: { xen: "4.9.0", cpu: "amd", physBits: 46, cpus: 4 },
      domain: { guest: "hvm", hap: false, iommu: "default", poolPages: 1 << 20, started: true },
      special: [],
      assignFirst: true,
      operations: [...operations, request(gfn, mfn, 600 * MIB2, true)],
    });
  });

  it("were compared as often as is promised", () => {
    expect(compared).toBeGreaterThanOrEqual(SEQUENCES);
    expect(described.get(1)).toBeGreaterThan(SEQUENCES / 100);
    expect(described.get(2)).toBeGreaterThan(SEQUENCES / 500);
  });
});
