/** The formulas of xen-mapping.md 10.1, 10.3 and 10.6, over random sizes, places, releases and IOMMUs. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ledger } from "../../src/xen/ledger.ts";
import { isSince, parseRelease, type Release } from "../../src/xen/release.ts";
import { GIB, grant, mapped, runningGuest, unmapped } from "./helpers.ts";
import { ALL_RELEASES } from "./scripts.ts";

const release = fc
  .constantFrom(...ALL_RELEASES.filter((name) => name !== "as-posted"))
  .map((name) => parseRelease(name) as Release);
const iommu = fc.constantFrom("shared" as const, "vtd" as const, "amdvi" as const);
const setting = fc.record({ release, iommu, hap: fc.constantFrom(true, true, true, false) });
type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never;

/** 128 GiB in the guest, 256 GiB on the machine: multiples of every table's span below 512 GiB. */
const GFN = 128 * GIB;
const MFN = 256 * GIB;

function guestOf({ release: rel, iommu: kind, hap }: Setting) {
  const { domain } = runningGuest(
    { xen: rel, cpu: kind === "amdvi" ? "amd" : "intel", options: { sharept: kind === "shared" } },
    { hap },
  );
  grant(domain, MFN, GIB);
  return domain;
}

const isSmall = ({ release: rel, iommu: kind, hap }: Setting): boolean =>
  !hap || (!isSince(rel, "4.12") && kind !== "shared");

/** WBINVD rounds: one a call up to 4.16. */
const rounds = ({ release: rel }: Setting, calls: number): number => (isSince(rel, "4.17") ? 0 : calls);

/** The IOMMU cells of 10.6, by release and kind; `n` P2M entries of `N` frames. */
function iommuCells(chosen: Setting, N: number, n: number, congruent: boolean): Partial<Ledger> {
  const { release: rel, iommu: kind } = chosen;
  const shared = kind === "shared" && chosen.hap;
  if (shared) return { iommuMapCalls: 0, iommuVendorCalls: 0, iommuEntries: 0, iommuTables: 0, iotlbFlushes: n };
  const amd = kind === "amdvi";
  if (!isSince(rel, "4.9")) return { iommuMapCalls: 0, iommuUnmapCalls: N, iommuEntries: 0, iotlbFlushes: amd ? N : 0 };
  if (!isSince(rel, "4.12")) {
    const early = !isSince(rel, "4.12", "4.11.1", "4.10.3", "4.9.4");
    const merged = amd && early && congruent ? N / 512 + Math.floor(N / GIB) : 0;
    const flushes = amd ? (early ? N : 0) : N;
    return {
      iommuMapCalls: N,
      iommuVendorCalls: N,
      iommuEntries: N + merged,
      iommuMerges: merged,
      iotlbFlushes: flushes,
    };
  }
  if (!isSince(rel, "4.17"))
    return { iommuMapCalls: n, iommuVendorCalls: N, iommuEntries: N, iommuMerges: 0, iotlbFlushes: n };
  // Single frames coalesce to 2 MiB first; then, and for 2 MiB requests, 1 GiB where the region is whole.
  const merged = congruent ? (n === N ? N / 512 : 0) + Math.floor(N / GIB) : 0;
  return { iommuMapCalls: n, iommuVendorCalls: n, iommuEntries: n + merged, iommuMerges: merged, iotlbFlushes: n };
}

describe("summary formulas, fresh map (10.6)", () => {
  it("hold when both addresses are aligned", () => {
    fc.assert(
      fc.property(setting, fc.integer({ min: 1, max: 128 }), (chosen, regions) => {
        const N = 512 * regions;
        const domain = guestOf(chosen);
        const { ledger, value } = mapped(domain, GFN, MFN, N);
        const n = isSmall(chosen) ? N : N / 512;
        const H = Math.ceil(n / 64);
        expect(value).toMatchObject({ result: 0, pagesDone: N, hypercalls: H });
        expect(ledger).toMatchObject({
          hypercalls: H,
          positiveReturns: H - 1,
          iterations: n,
          setEntries: n,
          p2mEntries: n,
        });
        // PDs of the 1 GiB region, and a PT each 2 MiB region of small entries (10.3).
        const tables = 1 + (isSmall(chosen) ? N / 512 : 0);
        expect(ledger).toMatchObject({ p2mTables: tables, p2mPointers: tables, retries: 0, m2pUpdates: 0 });
        expect(ledger.cacheFlushes).toBe(rounds(chosen, H));
        expect(ledger).toMatchObject(iommuCells(chosen, N, n, true));
      }),
      { numRuns: 60 },
    );
  });

  it("hold with b = N when the addresses differ modulo 2 MiB", () => {
    fc.assert(
      fc.property(setting, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 511 }), (chosen, regions, d) => {
        const N = 512 * regions;
        const domain = guestOf(chosen);
        const { ledger } = mapped(domain, GFN + d, MFN, N);
        const H = N / 64;
        expect(ledger).toMatchObject({
          hypercalls: H,
          iterations: N,
          setEntries: N,
          p2mEntries: N,
          p2mTables: regions + 2,
        });
        expect(ledger.cacheFlushes).toBe(rounds(chosen, H));
        expect(ledger).toMatchObject(iommuCells(chosen, N, N, false));
      }),
      { numRuns: 40 },
    );
  });

  it("give the same counts for unmapping, which frees no P2M table (10.3)", () => {
    fc.assert(
      fc.property(setting, fc.integer({ min: 1, max: 40 }), (chosen, regions) => {
        const N = 512 * regions;
        const domain = guestOf(chosen);
        const there = mapped(domain, GFN, MFN, N).ledger;
        const { used } = domain.pool;
        const { ledger, value } = unmapped(domain, GFN, MFN, N);
        expect(value.result).toBe(0);
        const { hypercalls, iterations, setEntries, p2mEntries } = there;
        expect(ledger).toMatchObject({
          hypercalls,
          iterations,
          setEntries,
          p2mEntries,
          p2mTables: 0,
          p2mTablesFreed: 0,
        });
        expect(domain.pool.used).toBe(used);
        expect(ledger.specialPageTests).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});

describe("iterations and hypercalls (10.1)", () => {
  it("are B + S4 and their 64th part, with heads and tails", () => {
    fc.assert(
      fc.property(
        setting,
        fc.integer({ min: 0, max: 1023 }),
        fc.integer({ min: 0, max: 1023 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.boolean(),
        (chosen, gOffset, mOffset, N, congruent) => {
          const domain = guestOf(chosen);
          const gfn = GFN + gOffset;
          const mfn = MFN + (congruent ? gOffset : mOffset);
          const { ledger, value } = mapped(domain, gfn, mfn, N);
          const d = (gfn - mfn) % 512;
          const h = Math.min(N, (512 - (gfn % 512)) % 512);
          const B = d === 0 && !isSmall(chosen) ? Math.floor((N - h) / 512) : 0;
          const I = B + (N - 512 * B);
          const H = Math.ceil(I / 64);
          expect(value).toMatchObject({ result: 0, pagesDone: N });
          expect(ledger).toMatchObject({ iterations: I, hypercalls: H, orderDecisions: I, lookups: I, locks: I });
        },
      ),
      { numRuns: 100 },
    );
  });
});
