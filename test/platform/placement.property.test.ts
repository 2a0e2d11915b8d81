import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GuestDevice } from "../../src/platform/guest-device.ts";
import { type PlacedBar, placeBars } from "../../src/platform/hvmloader.ts";
import { libxl, xen } from "./helpers.ts";

const bar = fc.record({
  kind: fc.constantFrom("memory" as const, "memory" as const, "io" as const),
  log: fc.integer({ min: 4, max: 38 }),
  width: fc.constantFrom(32 as const, 64 as const),
  prefetchable: fc.boolean(),
});
const devices: fc.Arbitrary<GuestDevice[]> = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 16, max: 255 }), fc.array(bar, { maxLength: 3 }), fc.option(fc.nat(20))), {
    maxLength: 8,
    selector: ([devfn]) => devfn,
  })
  .map((rows) =>
    rows.map(([devfn, bars, rom]) => ({
      id: `${devfn}`,
      devfn,
      bars: bars.map(({ kind, log, width, prefetchable }, i) => ({
        index: 2 * i,
        kind,
        size: 2 ** (kind === "io" ? Math.min(log, 8) : width === 32 ? Math.min(log, 30) : log),
        width: kind === "io" ? 32 : width,
        prefetchable,
      })),
      rom: rom === null ? null : 2 ** (11 + (rom % 10)),
    })),
  );
const scenario = fc.record({
  devices,
  release: fc.constantFrom("4.7.0", "4.13.0", "4.17.0", "4.17-tip", "4.19.0", "4.22.0").map(xen),
  lowRamEnd: fc.integer({ min: 64, max: 3840 }).map((mib) => mib * 2 ** 20),
  highRamEnd: fc.option(fc.integer({ min: 1, max: 2 ** 17 }).map((mib) => 2 ** 32 + mib * 2 ** 20)),
  mmioHoleMiB: fc.option(fc.integer({ min: 128, max: 3840 })),
  physBits: fc.integer({ min: 36, max: 46 }),
  allowRelocate: fc.boolean(),
  rdm: fc.array(
    fc.tuple(fc.integer({ min: 0x80000, max: 0xfffff }), fc.integer({ min: 1, max: 0x4000 })).map(([at, pages]) => ({
      start: at * 4096,
      end: (at + pages) * 4096,
    })),
    { maxLength: 2 },
  ),
});

const placedIn = (bars: readonly PlacedBar[], io: boolean): { start: number; end: number }[] =>
  bars
    .flatMap((b) =>
      b.address !== null && (b.where === "io") === io ? [{ start: b.address, end: b.address + b.size }] : [],
    )
    .sort((a, b) => a.start - b.start);

describe("placeBars, whatever the devices", () => {
  it("never overlaps, aligns to the size, stays in its window, and accounts for every BAR", () => {
    fc.assert(
      fc.property(scenario, (more) => {
        const placed = placeBars(libxl([], more));
        const { bars, low, high } = placed;
        const expected = more.devices.reduce((n, d) => n + d.bars.length + (d.rom === null ? 0 : 1), 0);
        expect(bars).toHaveLength(expected);
        expect(placed.messages.filter((m) => m.startsWith("pci dev"))).toHaveLength(expected);
        for (const { address, size, where } of bars) {
          if (address === null) {
            expect(where).toBe("none");
            continue;
          }
          expect(address % size).toBe(0);
          const window =
            where === "low" ? low : where === "io" ? { start: 0xc000, end: 0x10000 } : (high ?? { start: 0, end: 0 });
          expect(address).toBeGreaterThanOrEqual(window.start);
          expect(address + size).toBeLessThanOrEqual(window.end);
          if (where === "high") {
            expect(address).toBeGreaterThanOrEqual(placed.highRamEnd ?? 2 ** 32);
            expect(address + size).toBeLessThanOrEqual(2 ** more.physBits);
          }
          if (where === "low")
            for (const r of more.rdm) expect(address + size <= r.start || address >= r.end).toBe(true);
        }
        for (const list of [placedIn(bars, true), placedIn(bars, false)])
          for (let i = 1; i < list.length; i++) expect(list[i]?.start).toBeGreaterThanOrEqual(list[i - 1]?.end ?? 0);
      }),
      { numRuns: 300 },
    );
  });

  it("does not depend on the order in which devices are given", () => {
    fc.assert(
      fc.property(scenario, (more) => {
        const forward = placeBars(libxl([], more));
        const backward = placeBars(libxl([], { ...more, devices: [...more.devices].reverse() }));
        expect(backward).toEqual(forward);
      }),
      { numRuns: 50 },
    );
  });
});
