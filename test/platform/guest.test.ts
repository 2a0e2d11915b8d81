import { describe, expect, it } from "vitest";
import { bootMaps, registersExamined } from "../../src/platform/boot.ts";
import { guestBus } from "../../src/platform/emulated.ts";
import { guestRam } from "../../src/platform/guest-ram.ts";
import { PLATFORM_CODES, reasonOf } from "../../src/platform/reasons.ts";
import { io, memory, memory64, xen } from "./helpers.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

describe("guestRam", () => {
  const ram = (memoryMiB: number, more: object = {}): ReturnType<typeof guestRam> =>
    guestRam({ memoryMiB, mmioHoleMiB: null, hap: true, ...more });

  it("ends low RAM at 0xF0000000 and starts the rest at 4 GiB", () => {
    expect(ram(2048)).toMatchObject({ lowRamEnd: 2 * GIB, highRamEnd: null });
    expect(ram(3840)).toMatchObject({ lowRamEnd: 0xf0000000, highRamEnd: null });
    expect(ram(8192)).toMatchObject({ lowRamEnd: 0xf0000000, highRamEnd: 0x210000000 });
  });

  it("ends it at the hole that mmio_hole asks for, 256 to 3840 MiB", () => {
    expect(ram(8192, { mmioHoleMiB: 3072 })).toMatchObject({ lowRamEnd: GIB, highRamEnd: 11 * GIB, mmioHoleMiB: 3072 });
    for (const mmioHoleMiB of [255, 3841, -1])
      expect(ram(8192, { mmioHoleMiB })).toMatchObject({
        lowRamEnd: 0xf0000000,
        mmioHoleMiB: null,
        remarks: [{ code: "mmio-hole-out-of-range" }],
      });
  });

  it("moves the end of low RAM below reserved memory above the boundary, to 2 MiB for HAP", () => {
    const rdm = [{ start: 0xcdd01000, end: 0xcdf00000 }];
    expect(ram(8192, { rdm })).toMatchObject({ lowRamEnd: 0xcdc00000, because: "rdm-lowered-ram" });
    expect(ram(8192, { rdm, hap: false }).lowRamEnd).toBe(0xcdd01000);
    const low = ram(8192, { rdm });
    expect(low.lowRamEnd + (low.highRamEnd ?? 0) - 4 * GIB).toBe(8 * GIB);
  });

  it("refuses or ignores reserved memory below the boundary", () => {
    const rdm = [{ start: 0x10000000, end: 0x10001000 }];
    expect(ram(1024, { rdm, rdmPolicy: "strict" }).remarks[0]?.code).toBe("rdm-conflict");
    expect(ram(1024, { rdm }).remarks[0]?.code).toBe("rdm-ignored");
    expect(ram(128, { rdm }).remarks).toEqual([]);
  });
});

describe("bootMaps", () => {
  const nvidia = {
    bars: [memory(0, 16 * MIB), memory64(1, 32 * GIB), memory64(3, 32 * MIB), io(5, 128)],
    rom: 512 * 1024,
  };

  it("counts the example of guest-mmio-layout.md 5: 1 + 5 adds and 5 deletes", () => {
    const maps = bootMaps({ release: xen("4.17.0"), guestKernel: "linux<6.15", device: nvidia });
    expect(maps).toMatchObject({ adds: 6, deletes: 5 });
    expect(maps.steps.some((s) => s.unverified)).toBe(false);
  });

  it("batches from Linux 6.15 on", () => {
    const maps = bootMaps({ release: xen("4.17.0"), guestKernel: "linux>=6.15", device: nvidia });
    expect(maps).toMatchObject({ adds: 2, deletes: 1 });
  });

  it("counts one add and four pairs for the FreeBSD guest of the 4.14.3 capture", () => {
    const nvme = { bars: [memory64(0, 16384), memory64(4, 256)], rom: null };
    expect(registersExamined(nvme)).toBe(4);
    const maps = bootMaps({ release: xen("4.14.3"), guestKernel: "freebsd", device: nvme });
    expect(maps).toMatchObject({ adds: 5, deletes: 4 });
  });

  it("marks what no run has confirmed", () => {
    const steps = (kernel: "windows" | "unknown" | "linux<6.15", more: object = {}): [string, boolean][] =>
      bootMaps({ release: xen("4.17.0"), guestKernel: kernel, device: nvidia, ...more }).steps.map((s) => [
        s.because,
        s.unverified ?? false,
      ]);
    expect(steps("windows")[1]).toEqual(["windows-rebalance", true]);
    expect(steps("unknown")[1]).toEqual(["unknown-kernel", true]);
    expect(steps("linux<6.15", { sriovBars: 6 })[2]).toEqual(["linux-sriov", true]);
    expect(steps("linux<6.15", { device: { bars: [], rom: null } })[2]).toEqual(["unimplemented-registers", true]);
  });

  it("lets hvmloader map up to once a BAR before 4.14", () => {
    const early = bootMaps({ release: xen("4.13.5"), guestKernel: "linux>=6.15", device: nvidia });
    expect(early.steps[0]).toMatchObject({ adds: 5, deletes: 4, unverified: true });
    expect(bootMaps({ release: xen("4.14.0"), guestKernel: "linux>=6.15", device: nvidia }).steps[0]).toEqual({
      who: "hvmloader",
      adds: 1,
      deletes: 0,
      because: "hvmloader-decode-once",
    });
  });
});

describe("guestBus", () => {
  const gpu = (id: string, vslot: number | null) => ({ id, bars: [memory(0, MIB)], rom: null, vslot });
  const slots = (bus: ReturnType<typeof guestBus>): [string, number | null][] =>
    bus.devices.slice(-2).map((d) => [d.id, d.devfn]);

  it("gives the slot asked for, and the next free ones to the rest, with a mark", () => {
    const bus = guestBus({ vga: "stdvga", nics: ["e1000"] }, [gpu("a", null), gpu("b", 5)]);
    expect(slots(bus)).toEqual([
      ["a", 6 * 8],
      ["b", 5 * 8],
    ]);
    expect(bus.remarks.map((r) => r.code)).toEqual(["slot-assumed"]);
    expect(bus.devices.at(-2)?.unverified).toBe(true);
    expect(bus.devices.at(-1)?.unverified).toBeUndefined();
  });

  it("says when the slot asked for is taken or does not exist", () => {
    const bus = guestBus({ vga: "none" }, [gpu("a", 2), gpu("b", 99)]);
    expect(slots(bus)).toEqual([
      ["a", 3 * 8],
      ["b", 4 * 8],
    ]);
    expect(bus.remarks.map((r) => r.code)).toEqual(["slot-taken", "slot-taken"]);
  });

  it("leaves devices without a slot when the bus is full, and stays bounded", () => {
    const bus = guestBus(
      { vga: "none", videoRamMiB: 1e9 },
      Array.from({ length: 40 }, (_, i) => gpu(`${i}`, null)),
    );
    expect(bus.devices.filter((d) => d.devfn === null)).toHaveLength(11);
    expect(new Set(bus.devices.map((d) => d.devfn)).size).toBe(bus.devices.length - 10);
  });

  it("marks the adapter that no real guest has confirmed", () => {
    const row = (vga: "cirrus" | "stdvga") => guestBus({ vga }, []).devices.find((d) => d.id.startsWith("VGA"));
    expect(row("stdvga")?.unverified).toBe(true);
    expect(row("cirrus")?.unverified).toBeUndefined();
    expect(row("stdvga")?.bars[0]?.size).toBe(16 * MIB);
  });
});

describe("reasons", () => {
  it("each says something and names its source", () => {
    for (const code of PLATFORM_CODES) {
      expect(reasonOf(code).says.length).toBeGreaterThan(10);
      expect(reasonOf(code).source).toMatch(/^(guest-mmio-layout|xen-mapping)\.md \d/);
    }
  });
});
