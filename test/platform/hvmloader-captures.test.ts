import { describe, expect, it } from "vitest";
import { guestBus } from "../../src/platform/emulated.ts";
import { guestRam } from "../../src/platform/guest-ram.ts";
import { placeBars } from "../../src/platform/hvmloader.ts";
import { device, io, libxl, memory, memory64, xen } from "./helpers.ts";

const MIB = 2 ** 20;
const KIB = 2 ** 10;

/** Real guests: each address of each listing must come out. */
describe("known layouts", () => {
  it("places a GRID K520 guest as listed in guest-mmio-layout.md 13 (1)", () => {
    const placed = placeBars(
      libxl(
        [
          { ...device("ide", 1, [io(4, 16)]), devfn: 9 },
          device("vga", 2, [memory(0, 32 * MIB, { prefetchable: true }), memory(1, 4 * KIB)]),
          device("gpu", 3, [memory(0, 16 * MIB), memory64(1, 128 * MIB), memory64(3, 32 * MIB), io(5, 128)], {
            rom: 512 * KIB,
          }),
          device("platform", 0x1f, [io(0, 256), memory(1, 16 * MIB, { prefetchable: true })]),
        ],
        { release: xen("4.7.0"), lowRamEnd: 0xf0000000, highRamEnd: 0x3d0000000, physBits: 46, allowRelocate: true },
      ),
    );
    const at = new Map(placed.bars.map((b) => [`${b.device} ${b.index}`, b.address]));
    expect(at).toEqual(
      new Map([
        ["gpu 1", 0xe0000000],
        ["vga 0", 0xe8000000],
        ["gpu 3", 0xea000000],
        ["gpu 0", 0xec000000],
        ["platform 1", 0xed000000],
        ["gpu 6", 0xee000000],
        ["vga 1", 0xee080000],
        ["platform 0", 0xc000],
        ["gpu 5", 0xc100],
        ["ide 4", 0xc180],
      ]),
    );
    expect(placed.low.start).toBe(0xe0000000);
    expect(placed.lowRamEnd).toBe(0xe0000000);
    expect(placed.highRamEnd).toBe(0x3e0000000);
    expect(placed.high).toBeNull();
  });

  it("prints what hvmloader printed for a 2 GiB guest with an NVMe device (Xen 4.14.3, xen-devel 2022-07-04)", () => {
    const bus = guestBus({ vga: "cirrus", nics: ["e1000"] }, [
      {
        id: "nvme",
        bars: [memory(0, 16 * KIB, { width: 64 }), memory(4, 256, { width: 64 })],
        rom: null,
        vslot: null,
      },
    ]);
    const ram = guestRam({ memoryMiB: 2048, videoRamMiB: 8, mmioHoleMiB: null, hap: true });
    expect(ram.lowRamEnd).toBe(0x7f800000);
    const placed = placeBars(libxl(bus.devices, { ...ram, release: xen("4.14.3") }));
    expect(placed.messages).toEqual([
      "Relocating guest memory for lowmem MMIO space disabled",
      "No RAM in high memory; setting high_mem resource base to 100000000",
      "pci dev 03:0 bar 10 size 002000000: 0f0000008",
      "pci dev 02:0 bar 14 size 001000000: 0f2000008",
      "pci dev 04:0 bar 30 size 000040000: 0f3000000",
      "pci dev 04:0 bar 10 size 000020000: 0f3040000",
      "pci dev 03:0 bar 30 size 000010000: 0f3060000",
      "pci dev 05:0 bar 10 size 000004000: 0f3070004",
      "pci dev 03:0 bar 14 size 000001000: 0f3074000",
      "pci dev 02:0 bar 10 size 000000100: 00000c001",
      "pci dev 05:0 bar 20 size 000000100: 0f3075004",
      "pci dev 04:0 bar 14 size 000000040: 00000c101",
      "pci dev 01:1 bar 20 size 000000010: 00000c141",
    ]);
    expect(placed.remarks).toEqual([]);
  });

  it("prints what hvmloader printed for an 8 GiB guest with USB and an rtl8139 (Xen 4.13)", () => {
    const bus = guestBus({ vga: "cirrus", nics: ["rtl8139"], usb: true }, []);
    const ram = guestRam({ memoryMiB: 8192, videoRamMiB: 8, mmioHoleMiB: null, hap: true });
    const placed = placeBars(libxl(bus.devices, { ...ram, release: xen("4.13.0") }));
    expect(placed.messages.slice(1)).toEqual([
      "RAM in high memory; setting high_mem resource base to 20f800000",
      "pci dev 03:0 bar 10 size 002000000: 0f0000008",
      "pci dev 02:0 bar 14 size 001000000: 0f2000008",
      "pci dev 04:0 bar 30 size 000040000: 0f3000000",
      "pci dev 03:0 bar 30 size 000010000: 0f3040000",
      "pci dev 03:0 bar 14 size 000001000: 0f3050000",
      "pci dev 02:0 bar 10 size 000000100: 00000c001",
      "pci dev 04:0 bar 10 size 000000100: 00000c101",
      "pci dev 04:0 bar 14 size 000000100: 0f3051000",
      "pci dev 01:2 bar 20 size 000000020: 00000c201",
      "pci dev 01:1 bar 20 size 000000010: 00000c221",
    ]);
  });

  it("prints what hvmloader printed for a guest without display (Xen 4.12.1)", () => {
    const nic = device("nic", 3, [io(0, 256), memory(1, 256)]);
    const bus = guestBus({ vga: "none" }, []);
    const placed = placeBars(libxl([...bus.devices, nic], { release: xen("4.12.1"), allowRelocate: true }));
    expect(placed.messages).toEqual([
      "Relocating guest memory for lowmem MMIO space enabled",
      "No RAM in high memory; setting high_mem resource base to 100000000",
      "pci dev 02:0 bar 14 size 001000000: 0f0000008",
      "pci dev 02:0 bar 10 size 000000100: 00000c001",
      "pci dev 03:0 bar 10 size 000000100: 00000c101",
      "pci dev 03:0 bar 14 size 000000100: 0f1000000",
      "pci dev 01:1 bar 20 size 000000010: 00000c201",
    ]);
  });
});
