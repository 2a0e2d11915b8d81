import fc from "fast-check";
import type { Mfn } from "../../src/address.ts";
import { FrameSet } from "../../src/ranges.ts";
import { assignDevice } from "../../src/xen/devices.ts";
import type { DomainSpec } from "../../src/xen/domain.ts";
import { type MachineSpec, makeMachine } from "../../src/xen/machine.ts";
import { makeWorld, type Operation, type OperationResult, runOperation, type World } from "../../src/xen/operations.ts";
import { MAIN_RELEASES } from "../../src/xen/release.ts";

/** Every main release, each point release and tip at which a behaviour began, and the one before. */
export const ALL_RELEASES: readonly string[] = [
  ...MAIN_RELEASES,
  ...["4.7-tip", "4.8.4", "4.8.5", "4.8-tip", "4.9.3", "4.9.4", "4.9-tip", "4.10.2", "4.10.3", "4.10.4", "4.10-tip"],
  ...["4.11.1", "4.11.2", "4.11.3", "4.11.4", "4.11-tip", "4.12.1", "4.12.2", "4.12.3", "4.12.4", "4.12-tip"],
  ...["4.13.1", "4.13.2", "4.13.4", "4.13.5", "4.14.1", "4.14.3", "4.14.4", "4.15.1", "4.15.2", "4.16.7"],
  ...["4.17.4", "4.17.5", "4.17.7", "4.18.2", "4.18.3", "4.18.6", "4.19.6", "4.20.4", "4.21.2", "as-posted"],
];

const G = 0x40000;
/** Places where alignments and levels meet: 0, edges of 2 MiB, 1 GiB and 512 GiB, the top of the guest's space. */
const edge = (bases: readonly number[]): fc.Arbitrary<number> =>
  fc
    .tuple(
      fc.constantFrom(...bases),
      fc.constantFrom(0, 0, 0, 512, 1024, 0x3fe00),
      fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }) }),
    )
    .map(([base, block, page]) => Math.max(0, base + block + page));

const gfn = edge([0, 0x10000, G, 2 * G, 512 * G, 512 * G - 1024, 2 ** 36 - 1024]);
const bar = edge([0x2000000, 0x2000000 + G, 0x100000 + G, 512]);
const pages = fc.oneof(
  fc.constantFrom(1, 2, 63, 64, 65, 511, 512, 513, 1024, 1536, 2048),
  fc.integer({ min: 1, max: 3000 }),
);

const mapping: fc.Arbitrary<Operation> = fc
  .record({
    gfn,
    mfn: bar,
    pages,
    add: fc.boolean(),
    raw: fc.boolean(),
    undoOnFailure: fc.boolean(),
  })
  .map((fields) => ({ op: "memory_mapping", domain: 1, ...fields }));

const populating: fc.Arbitrary<Operation> = fc
  .record({
    gfn,
    order: fc.oneof(
      { weight: 40, arbitrary: fc.constantFrom(0, 0, 9, 9, 10) },
      { weight: 1, arbitrary: fc.constant(18) },
    ),
    extents: fc.constantFrom(1, 2, 3, 20, 70),
    fixed: fc.boolean(),
  })
  .map(({ gfn: at, order, extents, fixed }) => ({
    op: "populate",
    domain: 1,
    gfn: at - (at % 2 ** order),
    order,
    extents: order === 18 ? 1 : Math.min(extents, order === 0 ? 70 : 20),
    mfn: fixed ? 0x100000 : null,
  }));

const permission: fc.Arbitrary<Operation> = fc
  .record({ mfn: bar, pages, allow: fc.boolean() })
  .map((fields) => ({ op: "iomem_permission", domain: 1, ...fields }));

/** A mapping and, right after, something at the same place: where entries already there decide. */
const again: fc.Arbitrary<Operation[]> = fc
  .tuple(mapping, fc.boolean(), fc.constantFrom(0, 0, 1, 64, 512), pages)
  .map(([first, add, shift, count]) => {
    if (first.op !== "memory_mapping") return [first];
    const from = { gfn: Number(first.gfn) + shift, mfn: Number(first.mfn) + shift };
    return [
      { ...first, add: true, raw: false },
      { ...first, ...from, add, raw: false, pages: count },
    ];
  });

const step: fc.Arbitrary<Operation[]> = fc.oneof(
  { weight: 5, arbitrary: again },
  { weight: 3, arbitrary: mapping.map((op) => [op]) },
  { weight: 3, arbitrary: populating.map((op) => [op]) },
  { weight: 1, arbitrary: permission.map((op) => [op]) },
  { weight: 1, arbitrary: gfn.map((at): Operation[] => [{ op: "remove_from_physmap", domain: 1, gfn: at }]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(gfn, fc.constantFrom(0, 9))
      .map(([at, order]): Operation[] => [
        { op: "decrease_reservation", domain: 1, gfn: at - (at % 2 ** order), order, extents: 2 },
      ]),
  },
  { weight: 1, arbitrary: fc.constant<Operation[]>([{ op: "assign_device", domain: 1, device: "0000:03:00.0" }]) },
);

export interface Scenario {
  readonly machine: MachineSpec;
  readonly domain: DomainSpec;
  readonly special: readonly number[];
  readonly assignFirst: boolean;
  readonly operations: readonly Operation[];
}

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  machine: fc.record({
    xen: fc.constantFrom(...ALL_RELEASES),
    cpu: fc.constantFrom("intel" as const, "intel" as const, "amd" as const),
    physBits: fc.constantFrom(39, 46, 46),
    cpus: fc.constant(4),
    has1g: fc.boolean(),
    options: fc.record({
      sharept: fc.boolean(),
      superpages: fc.constantFrom(true, true, false),
      hap2mb: fc.constantFrom(true, true, true, false),
    }),
    mmioRo: fc.constantFrom<readonly { start: number; end: number }[]>(
      [],
      [],
      [{ start: 0x2000000 + 700, end: 0x2000000 + 703 }],
      [{ start: 0x2000000 + G, end: 0x2000000 + G + 512 }],
    ),
    iommuPages: fc.constantFrom(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 3, 9),
  }),
  domain: fc.record({
    guest: fc.constantFrom("hvm" as const, "hvm" as const, "hvm" as const, "hvm" as const, "pv" as const),
    hap: fc.constantFrom(true, true, true, false),
    iommu: fc.constantFrom("none" as const, "default" as const, "default" as const, "sync_pt" as const),
    vcpus: fc.constantFrom(0, 1, 1),
    poolPages: fc.constantFrom(48, 52, 60, 600, 1 << 20, 1 << 20),
    started: fc.boolean(),
    mtrrsSet: fc.boolean(),
    hardwareDomain: fc.constantFrom(false, false, false, true),
  }),
  special: fc.constantFrom<readonly number[]>([], [], [0x100000 + G + 5], [0x100000 + 3]),
  assignFirst: fc.constantFrom(true, true, false),
  operations: fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => steps.flat()),
});

export interface Run {
  readonly world: World;
  readonly results: readonly OperationResult[];
}

/** Run a scenario, all frames permitted, block by block or in stretches. */
export function runScenario(chosen: Scenario, stepwise: boolean): Run {
  const machine = makeMachine({ ...chosen.machine, stepwise });
  machine.special = FrameSet.of<Mfn>(...chosen.special.map((start) => ({ start, end: start + 2 })));
  const world = makeWorld(machine, [{ id: 1, ...chosen.domain }]);
  if (chosen.assignFirst) assignDevice(world.domains.get(1)!, "0000:03:00.0");
  const all: Operation[] = [0, 0x100000, 0x2000000].map((mfn) => ({
    op: "iomem_permission",
    domain: 1,
    mfn,
    pages: mfn === 0 ? G : 4 * G,
    allow: true,
  }));
  const results = [...all, ...chosen.operations].map((operation) => runOperation(world, operation));
  return { world, results };
}

/** Long requests, in which region after region is alike: whole 1 GiB regions of 2 MiB entries, or dozens of 2 MiB in pages. */
export const longScenario: fc.Arbitrary<Scenario> = fc
  .record({
    base: scenario,
    blocks: fc.integer({ min: 1100, max: 2300 }),
    small: fc.integer({ min: 6_000, max: 12_000 }),
    shift: fc.constantFrom(0, 0, 0, 1, 512, 0x3fe00, 0x40200),
    head: fc.constantFrom(0, 0, 3, 512, 0x3fe00),
    obstacle: fc.option(fc.record({ block: fc.integer({ min: 0, max: 2000 }), page: fc.boolean() }), { nil: null }),
    back: fc.constantFrom(0, 1, 512, 5000),
  })
  .map(({ base, blocks, small, shift, head, obstacle, back }): Scenario => {
    const { machine, domain, assignFirst } = base;
    const cheap =
      assignFirst && domain.hap !== false && machine.options?.hap2mb !== false && shift % 512 === 0 && head % 512 === 0;
    const large =
      cheap &&
      machine.cpu === "intel" &&
      (machine.options?.sharept === true || !/^4\.([789]|1[01])\b/.test(String(machine.xen)));
    const pagesNow = large ? blocks * 512 : small;
    const at = 2 * G + shift + head;
    const mfnAt = 0x2000000 + head;
    const request = (offset: number, count: number, add: boolean): Operation => ({
      op: "memory_mapping",
      domain: 1,
      gfn: at + offset,
      mfn: mfnAt + offset,
      pages: count,
      add,
    });
    const place = obstacle && (large ? obstacle.block : obstacle.block % 20) * 512 + (obstacle.page ? 17 : 0);
    const before = place === null ? [] : [request(place, obstacle!.page ? 1 : 512, true)];
    return {
      ...base,
      // Nothing is skipped while lines are still kept.
      domain: { ...domain, guest: "hvm", poolPages: 1 << 20, logLimit: 0 },
      machine: { ...machine, iommuPages: Number.POSITIVE_INFINITY },
      operations: [
        ...before,
        request(0, pagesNow, true),
        request(back, pagesNow - back, false),
        request(0, pagesNow, true),
      ],
    };
  });

/** Everything of a domain that an operation can change, tables aside. */
export function stateOf({ world, results }: Run): unknown {
  const domain = world.domains.get(1)!;
  const { ledger, log, decisions, pool, highestGfn, amdMerging, iommuMode, crashed, ownedPages, m2p } = domain;
  const words = [...m2p.stretches].sort((a, b) => a.mfn - b.mfn);
  const { iommuPages } = world.machine;
  return {
    results,
    ledger,
    log,
    decisions,
    pool,
    highestGfn,
    amdMerging,
    iommuMode,
    crashed,
    ownedPages,
    words,
    iommuPages,
  };
}
