import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { devicesOf, memoryOf, planRounds } from "../../rig/rounds.ts";
import type { RigScript, ScriptOperation } from "../../rig/script.ts";

const hypervisor = { xen: "4.17", cpu: "amd" } as const;
const operation = fc.oneof(
  fc.record({ op: fc.constant("destroy" as const), domain: fc.integer({ min: 0, max: 3 }) }),
  fc.record({
    op: fc.constant("assign_device" as const),
    domain: fc.constant(1),
    device: fc.constantFrom("0000:01:00.0", "0000:02:00.0", "0000:03:00.0"),
  }),
  fc.record({
    op: fc.constant("populate" as const),
    domain: fc.constant(1),
    gfn: fc.constant("0x0"),
    order: fc.constantFrom(0, 9),
    extents: fc.integer({ min: 1, max: 40 }),
  }),
) as fc.Arbitrary<ScriptOperation>;

const anyScript: fc.Arbitrary<RigScript> = fc.record({
  hypervisor: fc.constant(hypervisor),
  domains: fc.uniqueArray(
    fc.record({
      id: fc.integer({ min: 1, max: 5 }),
      guest: fc.constant("hvm" as const),
      p2mPoolMiB: fc.integer({ min: 1, max: 40 }),
    }),
    { selector: (domain) => domain.id, maxLength: 3 },
  ),
  operations: fc.array(operation, { maxLength: 8 }),
});

describe("planRounds", () => {
  it("takes each script once, in order, within the limits unless it is alone", () => {
    fc.assert(
      fc.property(fc.array(anyScript, { maxLength: 20 }), (scripts) => {
        const limits = { memoryMiB: 100, devices: [8, 16], domains: 6, operations: 20 };
        const rounds = planRounds(scripts, limits);
        expect(rounds.flatMap((round) => round.members.map((m) => m.script))).toEqual(scripts.map((_, i) => i));
        for (const { members } of rounds) {
          expect(members.length).toBeGreaterThan(0);
          const slots = members.flatMap((m) => [...m.slots.values()]);
          expect(new Set(slots).size).toBe(slots.length);
          expect(slots.every((slot) => slot >= 1)).toBe(true);
          const devices = members.flatMap((m) => [...m.devices.values()]);
          expect(new Set(devices).size).toBe(devices.length);
          if (members.length === 1) continue;
          const own = members.map((m) => scripts[m.script]!);
          expect(own.reduce((sum, s) => sum + memoryOf(s), 0)).toBeLessThanOrEqual(limits.memoryMiB);
          expect(own.reduce((sum, s) => sum + devicesOf(s).length, 0)).toBeLessThanOrEqual(limits.devices.length);
          expect(slots.length).toBeLessThan(limits.domains);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("estimates memory from pools, RAM up to the limit, and 4 KiB tables", () => {
    const script: RigScript = {
      hypervisor,
      domains: [{ id: 1, guest: "hvm", p2mPoolMiB: 3, maxMemKiB: 8192 }],
      operations: [
        { op: "populate", domain: 1, gfn: "0x0", order: 9, extents: 100 },
        { op: "memory_mapping", domain: 1, gfn: "0x0", mfn: "0x0", pages: 2 ** 18, add: true },
      ],
    };
    // 3 pool + 1 domain + 8 of the 200 MiB asked for + 2 of tables
    expect(memoryOf(script)).toBe(14);
  });
});
