import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readInputs } from "../../src/inventory/index.ts";
import { plan, rememberingSimulator, type ScenarioKeys } from "../../src/plan/index.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** A device of two BARs: offsets from the start of its window, which is whole GiB. */
interface Device {
  readonly first: number;
  readonly second: number;
  readonly secondAt: number;
  readonly vectors: number;
}

const size = (bytes: number): string =>
  bytes >= GIB ? `${bytes / GIB}G` : bytes >= MIB ? `${bytes / MIB}M` : `${bytes / 1024}K`;

/** Where in its window the first BAR lies: at a multiple of its size, near the end, so that the second may cross. */
const firstAt = ({ first }: Device): number => Math.max(0, 2 * GIB - first);
const secondAt = (device: Device): number =>
  firstAt(device) + Math.ceil((device.first + device.secondAt) / device.second) * device.second;

function host(devices: readonly Device[], windows: readonly number[], memory: number) {
  const lspci = devices.map((device, i) => {
    const base = windows[i]! * GIB;
    return [
      `8${i}:00.0 3D controller [0302]: Example Corporation Accelerator [1af4:1110]`,
      `\tRegion 0: Memory at ${(base + firstAt(device)).toString(16)} (64-bit, prefetchable) [size=${size(device.first)}]`,
      `\tRegion 2: Memory at ${(base + secondAt(device)).toString(16)} (64-bit, prefetchable) [size=${size(device.second)}]`,
      `\tCapabilities: [b0] MSI-X: Enable+ Count=${device.vectors} Masked-`,
      "\t\tVector table: BAR=2 offset=00000000",
      "\t\tPBA: BAR=2 offset=00000800",
      "",
    ].join("\n");
  });
  const pci = devices.map((_, i) => `"8${i}:00.0"`).join(", ");
  return readInputs([
    { name: "lspci.txt", text: lspci.join("\n") },
    { name: "guest.cfg", text: `type = "hvm"\nmemory = ${memory}\npci = [ ${pci} ]\n` },
  ]);
}

const device = fc.record({
  first: fc.constantFrom(4096, 64 * 1024, 2 * MIB, 16 * MIB, GIB, 4 * GIB, 32 * GIB),
  second: fc.constantFrom(4096, 16 * 1024, MIB, 32 * MIB, 256 * MIB),
  secondAt: fc.constantFrom(0, 4096, 2 * MIB, 40 * MIB, GIB),
  vectors: fc.constantFrom(1, 9, 128),
});

/** In units of 512 GiB, so that all merge alike, and so far apart that none become neighbours. */
const gap = fc.integer({ min: 2, max: 24 });
const spread = (gaps: readonly number[], from: number, unit = 512): number[] => {
  let at = from;
  return gaps.map((by) => {
    at += unit * by;
    return at;
  });
};

/** Anywhere, in GiB: among RAM, beside each other, over each other. */
const anywhere = fc.array(fc.constantFrom(0, 1, 2, 3, 20, 34, 62, 250, 512, 1700), { minLength: 3, maxLength: 3 });

const hosts = fc.record({
  devices: fc.array(device, { minLength: 1, maxLength: 3 }),
  here: fc.array(gap, { minLength: 3, maxLength: 3 }),
  there: fc.array(gap, { minLength: 3, maxLength: 3 }),
  elsewhere: anywhere,
  xen: fc.integer({ min: 7, max: 22 }).map((minor) => `4.${minor}`),
  cpu: fc.constantFrom("intel" as const, "amd" as const),
  cmdline: fc.constantFrom("", "iommu=no-sharept", "hap_2mb=0", "iommu=no-superpages,no-sharept", "hap=0"),
  passthrough: fc.constantFrom("enabled" as const, "sync_pt" as const, "disabled" as const),
  memoryMiB: fc.constantFrom(1024, 4096, 9000),
  mmio1g: fc.boolean(),
});

/** CI compares more. */
const RUNS = process.env.CI ? 150 : 40;

describe("a host in normal form", () => {
  it("is planned as if alone, and not carried out again where its devices lie elsewhere", () => {
    let moved = 0;
    fc.assert(
      fc.property(hosts, ({ devices, here, there, elsewhere, memoryMiB, ...rest }) => {
        const keys: ScenarioKeys = { ...rest, physBits: 48 };
        const simulator = rememberingSimulator();
        // Above what the model takes for RAM: from 3 TiB on.
        const places = [spread(here, 3072), spread(there, 3072), spread(elsewhere, 4, 1)];
        const [a, b] = places.map((windows) => {
          const inventory = host(devices, windows, memoryMiB);
          const remembered = plan(inventory, keys, { advice: false, simulator });
          const alone = plan(inventory, keys, { advice: false });
          if (typeof remembered === "string" || typeof alone === "string") throw new Error(String(remembered));
          expect(remembered.document).toEqual(alone.document);
          return remembered;
        });
        expect(b!.simulation.machine).toBe(a!.simulation.machine);
        moved += Number(here.some((by, i) => by !== there[i]));
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    // Most of them were planned once and told twice.
    expect(moved).toBeGreaterThan(RUNS / 2);
  }, 240_000);

  it("is told apart from one that merges otherwise", () => {
    const devices = [{ first: 32 * GIB, second: 16 * 1024, secondAt: 0, vectors: 1 }];
    const keys: ScenarioKeys = { xen: "4.21", cpu: "amd", physBits: 48 };
    const simulator = rememberingSimulator();
    const stores = [0, 32, 512].map((further) => {
      const inventory = host(devices, [4096 + further], 4096);
      const [remembered, alone] = [{ simulator }, {}].map((more) => plan(inventory, keys, { advice: false, ...more }));
      if (typeof remembered === "string" || typeof alone === "string") throw new Error(String(remembered));
      expect(remembered!.document).toEqual(alone!.document);
      return remembered!.simulation;
    });
    expect(stores[1]!.ledger.markerStores).not.toBe(stores[0]!.ledger.markerStores);
    expect(stores[2]!.machine).toBe(stores[0]!.machine);
  });
});
