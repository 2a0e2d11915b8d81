import fc from "fast-check";
import { hex } from "../src/address.ts";
import type { RigHypervisor, RigScript, ScriptDomain, ScriptOperation } from "./script.ts";
import { targetOf } from "./target.ts";

/** Which table format a run of random scripts is about. */
export type FormatTarget = "npt" | "amdvi" | "ept" | "vtd";

/** NPT and AMD-Vi share a machine; VT-d beside AMD gives NPT once more. */
export const hypervisorOf = (target: FormatTarget, xen: string): RigHypervisor =>
  target === "ept" ? { xen, cpu: "intel" } : target === "vtd" ? { xen, cpu: "amd", iommu: "vtd" } : { xen, cpu: "amd" };

const G = 2 ** 18;
/** Where in the guest things happen: the beginning, and just below the edges of 2 MiB, 1 GiB, 512 GiB and 2^36 frames. */
const GFN_ARENAS = [0, 0x200, G - 0x400, 4 * G, 2 ** 27 - 0x400, 0x1000000, 2 ** 36 - 0x800] as const;
/** Where in the machine: congruent to the arenas or not, around read-only pages, at the edge of what exists. */
const MFN_ARENAS = { free: 0x4000000, congruent: 0x4000000, readOnly: 0xfe800, ram: 0x8000 } as const;

const OFFSETS = [0, 1, 0x1ff, 0x200, 0x201, 0x3ff, 0x400, 0x600, G, G + 0x200] as const;
const PAGES = [1, 2, 7, 63, 64, 65, 128, 511, 512, 513, 1023, 1024, 1536, 64 * 512, 66 * 512, G, G + 1024] as const;

const weighted = <T>(...pairs: readonly (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> =>
  fc.oneof(...pairs.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const oneOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const offset = weighted([6, oneOf(OFFSETS)], [2, fc.integer({ min: 0, max: 0x7ff })]);
const pageCount = weighted([6, oneOf(PAGES)], [2, fc.integer({ min: 1, max: 0x600 })]);
/** Distance of the machine offset from the guest's: congruent at some level mostly, else not. */
const skew = weighted([8, oneOf([0])], [2, oneOf([1, 0x1ff, 0x200, 0x40, -1, G - 0x200])]);

/** The part of the machine and of the guest that a script is about. */
interface Arena {
  readonly gfn: number;
  readonly mfn: number;
  readonly physBits: number;
}

/** Where a script's ranges lie. */
const arenaFor = (target: FormatTarget, physBits: number): fc.Arbitrary<Arena> => {
  const kinds: readonly (readonly [number, keyof typeof MFN_ARENAS | "edge"])[] = [
    [10, "congruent"],
    [3, "free"],
    [2, "readOnly"],
    [1, "edge"],
    // Bochs: chosen RAM is renamed, which frames of RAM that a script names cannot be.
    ...(target === "ept" ? [] : ([[1, "ram"]] as const)),
  ];
  const kind = weighted(...kinds.map(([weight, value]) => [weight, fc.constant(value)] as const));
  return fc.tuple(oneOf(GFN_ARENAS), kind).map(([gfn, where]) => {
    const base = where === "edge" ? 2 ** (physBits - 12) - 0x800 : MFN_ARENAS[where];
    return { gfn, mfn: where === "congruent" ? base + (gfn % G) : base, physBits };
  });
};

type Mapping = Extract<ScriptOperation, { op: "memory_mapping" }>;

/** Frames that a mapping may touch one by one, so that no script takes long: large ranges must be 2 MiB blocks. */
const MOST_SMALL_PAGES: Readonly<Record<FormatTarget, number>> = { npt: 4096, amdvi: 4096, vtd: 4096, ept: 1024 };

function mapping(target: FormatTarget, arena: Arena, domain: fc.Arbitrary<number>): fc.Arbitrary<Mapping> {
  return fc
    .record({
      domain,
      at: offset,
      skew,
      pages: pageCount,
      add: weighted([5, fc.constant(true)], [2, fc.constant(false)]),
      how: weighted(
        [6, fc.constant("library")],
        [2, fc.constant("undo")],
        [2, fc.constant("raw")],
        [1, fc.constant("limit")],
      ),
      maxCalls: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ domain, at, skew, pages, add, how, maxCalls }) => {
      const small = skew % 512 !== 0 || (arena.gfn - arena.mfn) % 512 !== 0;
      const count = small ? Math.min(pages, MOST_SMALL_PAGES[target]) : pages;
      const extra = {
        library: {},
        undo: { undoOnFailure: true },
        raw: { raw: true },
        limit: { maxCalls },
      }[how] as Partial<Mapping>;
      return {
        op: "memory_mapping",
        domain,
        gfn: hex(arena.gfn + at),
        mfn: hex(arena.mfn + Math.max(0, at + skew)),
        pages: count,
        add,
        ...(count > 0x8400 && !("raw" in extra) ? { maxCalls: 12 } : {}),
        ...extra,
      };
    });
}

/** Requests that are refused before anything is looked at, and those at the edge of that. */
function refused(arena: Arena, domain: fc.Arbitrary<number>): fc.Arbitrary<Mapping> {
  const width = 2 ** (arena.physBits - 12);
  const range = oneOf([
    { gfn: hex(arena.gfn), mfn: hex(arena.mfn), pages: 0 },
    { gfn: hex(arena.gfn), mfn: "0x0", pages: 0 },
    { gfn: hex(arena.gfn), mfn: "0xfffffffffffffff0", pages: 32 },
    { gfn: "0xfffffffffffffff0", mfn: hex(arena.mfn), pages: 32 },
    { gfn: "0xfffffffffffffe00", mfn: hex(arena.mfn), pages: 512 },
    { gfn: hex(arena.gfn), mfn: hex(width), pages: 512 },
    { gfn: hex(arena.gfn), mfn: hex(width - 1), pages: 2 },
    { gfn: hex(2 ** 36), mfn: hex(arena.mfn), pages: 512 },
    { gfn: hex(2 ** 36 - 0x200), mfn: hex(arena.mfn), pages: 1024 },
    { gfn: hex(2 ** 36 - 1), mfn: hex(arena.mfn), pages: 2 },
    { gfn: hex(2 ** 40), mfn: hex(arena.mfn), pages: 1 },
    { gfn: hex(arena.gfn), mfn: "0xfee00", pages: 1 },
    { gfn: hex(arena.gfn), mfn: "0x7f000000", pages: 16 },
  ]);
  return fc
    .record({ domain, range, raw: fc.boolean(), add: weighted([4, fc.constant(true)], [1, fc.constant(false)]) })
    .map(({ domain, range, raw, add }) => ({ op: "memory_mapping", domain, ...range, add, ...(raw ? { raw } : {}) }));
}

/** RAM in and beside the ranges; orders 18 only where asked, since they take a whole GiB of the machine. */
function ram(
  target: FormatTarget,
  arena: Arena,
  domain: fc.Arbitrary<number>,
  withGiB: boolean,
): fc.Arbitrary<ScriptOperation> {
  const populate = fc
    .record({
      domain,
      at: offset,
      shape: weighted<{ order: number; extents: number }>(
        [4, fc.record({ order: fc.constant(0), extents: oneOf(target === "ept" ? [1, 2, 64] : [1, 2, 64, 512, 600]) })],
        [4, fc.record({ order: fc.constant(9), extents: oneOf([1, 2, 3]) })],
        [withGiB ? 4 : 0, fc.record({ order: fc.constant(18), extents: fc.constant(1) })],
      ),
    })
    .map(({ domain, at, shape: { order, extents } }): ScriptOperation => {
      const gfn = arena.gfn + at;
      return { op: "populate", domain, gfn: hex(gfn - (gfn % 2 ** order)), order, extents };
    });
  const decrease = fc
    .record({ domain, at: offset, order: oneOf([0, 0, 9]), extents: oneOf([1, 2, 5]) })
    .map(({ domain, at, order, extents }): ScriptOperation => {
      const gfn = arena.gfn + at;
      return { op: "decrease_reservation", domain, gfn: hex(gfn - (gfn % 2 ** order)), order, extents };
    });
  const remove = fc
    .record({ domain, at: offset })
    .map(({ domain, at }): ScriptOperation => ({ op: "remove_from_physmap", domain, gfn: hex(arena.gfn + at) }));
  return weighted([5, populate], [2, decrease], [2, remove]);
}

function permission(arena: Arena, domain: fc.Arbitrary<number>): fc.Arbitrary<ScriptOperation> {
  return fc
    .record({ domain, at: offset, pages: pageCount, allow: weighted([3, fc.constant(true)], [2, fc.constant(false)]) })
    .map(({ domain, at, pages, allow }) => ({
      op: "iomem_permission",
      domain,
      mfn: hex(arena.mfn + at),
      pages,
      allow,
    }));
}

/** Everything that the ranges of an arena can name, as one permission. */
function wholeArena({ mfn, physBits }: Arena, domain: number): ScriptOperation {
  const end = Math.min(mfn + 3 * G, 2 ** (physBits - 12));
  // Up to what nobody may have: the IOMMU's registers, and the interrupt range.
  const pages = mfn < 0xfed80 ? Math.min(end, 0xfed80) - mfn : end - mfn;
  return { op: "iomem_permission", domain, mfn: hex(mfn), pages, allow: true };
}

const device = (domain: fc.Arbitrary<number>): fc.Arbitrary<ScriptOperation> =>
  fc
    .record({ op: oneOf(["assign_device", "assign_device", "deassign_device"] as const), domain })
    .map((o) => ({ ...o, device: `of domain ${o.domain}` }));

/** Pages that a domain takes from its pool when it is made, beside one a vCPU: roots of its own and its nested P2Ms. */
const POOL_AT_CREATION = 11;

function domainFor(target: FormatTarget, xen: string): fc.Arbitrary<ScriptDomain> {
  const iommu =
    target === "ept" ? oneOf(["none"] as const) : oneOf(["sync_pt", "sync_pt", "default", "share_pt", "none"] as const);
  // Up to 4.16 a pool is counted in MiB: too much for a short script to use up.
  const pool = xen.startsWith("4.14")
    ? fc.constant(null)
    : weighted([5, fc.constant(null)], [2, fc.integer({ min: 0, max: 12 })]);
  return fc
    .record({
      iommu,
      pool,
      guest: weighted([8, fc.constant("hvm" as const)], [1, fc.constant("pvh" as const)]),
      // Debian's later builds have no shadow mode.
      shadow: weighted([12, fc.constant(false)], [xen.startsWith("4.14") ? 1 : 0, fc.constant(true)]),
      vcpus: weighted([5, fc.constant(1)], [1, fc.constant(2)]),
    })
    .map(({ iommu, pool, guest, shadow, vcpus }) => ({
      id: 1,
      guest,
      iommu,
      p2mPoolMiB: pool === null ? (target === "ept" ? 2 : 4) : (POOL_AT_CREATION + vcpus + pool) / 256,
      ...(shadow ? { hap: false } : {}),
      ...(vcpus === 1 ? {} : { vcpus }),
    }));
}

/** Random scripts for a target: mostly within one arena, so that ranges overlap and meet what earlier ones left. */
export function anyScript(target: FormatTarget, xen: string, cmdline = ""): fc.Arbitrary<RigScript> {
  const hypervisor = { ...hypervisorOf(target, xen), ...(cmdline === "" ? {} : { cmdline }) };
  const physBits = targetOf(hypervisor).emulator === "bochs" ? 40 : 46;
  return fc
    .tuple(
      arenaFor(target, physBits),
      // Mostly one domain; two that map the same frames now and then.
      weighted<readonly number[]>([7, fc.constant([1])], [1, fc.constant([1, 2])]),
      domainFor(target, xen),
      weighted([9, fc.constant(true)], [1, fc.constant(false)]),
      weighted([target === "ept" ? 0 : 1, fc.constant(true)], [24, fc.constant(false)]),
    )
    .chain(([arena, ids, domain, permitted, withGiB]) => {
      const id = oneOf(ids);
      const operation = weighted<ScriptOperation>(
        [14, mapping(target, arena, id)],
        [6, ram(target, arena, id, withGiB)],
        [2, permission(arena, id)],
        [1, refused(arena, id)],
        [target === "ept" ? 0 : 1, device(id)],
      );
      return fc
        .tuple(
          fc.array(operation, { minLength: 2, maxLength: 14, size: "max" }),
          weighted([20, fc.constant(false)], [1, fc.constant(true)]),
          fc.array(operation, { minLength: 1, maxLength: 2 }),
        )
        .map(([operations, destroys, after]) => ({
          hypervisor,
          domains: ids.map((id) => ({ ...domain, id })),
          operations: [
            ...(permitted ? ids.map((id) => wholeArena(arena, id)) : []),
            ...operations,
            ...(destroys ? [{ op: "destroy" as const, domain: 1 }, ...after] : []),
          ],
        }));
    });
}

/** `count` scripts from a seed: the same ones for the same seed. */
export const generate = (
  target: FormatTarget,
  xen: string,
  count: number,
  seed: number,
  cmdline?: string,
): RigScript[] => fc.sample(anyScript(target, xen, cmdline), { numRuns: count, seed });
