import { type GuestBar, type GuestDevice, KIB, MIB } from "./guest-device.ts";
import { type Remark, remark } from "./reasons.ts";

const memory = (index: number, size: number, prefetchable = false): GuestBar => ({
  index,
  kind: "memory",
  size,
  width: 32,
  prefetchable,
});
const io = (index: number, size: number): GuestBar => ({ index, kind: "io", size, width: 32, prefetchable: false });
const slot = (device: number, fn = 0): number => device * 8 + fn;

/**
 * The devices that a qemu-xen guest has on bus 0 beside those passed through. Sizes and slots of rows without
 * `unverified` were seen in hvmloader's messages of real guests (Xen 4.12.1, 4.13 and 4.14.3; xen-devel 2022-07-04 for
 * the last); the platform device's and the adapter's sizes also in guest-mmio-layout.md 13 (1).
 */
const ROWS = {
  hostBridge: { id: "host bridge", devfn: slot(0), bars: [], rom: null },
  isa: { id: "ISA bridge", devfn: slot(1), bars: [], rom: null },
  ide: { id: "IDE", devfn: slot(1, 1), bars: [io(4, 16)], rom: null },
  usb: { id: "USB", devfn: slot(1, 2), bars: [io(4, 32)], rom: null },
  acpi: { id: "ACPI", devfn: slot(1, 3), bars: [], rom: null },
  platform: {
    id: "Xen platform device",
    devfn: slot(2),
    bars: [io(0, 256), memory(1, 16 * MIB, true)],
    rom: null,
    xenPlatform: true,
  },
} as const satisfies Record<string, GuestDevice>;

interface Unslotted {
  readonly id: string;
  readonly bars: readonly GuestBar[];
  readonly rom: number | null;
  readonly unverified?: true;
}

const CIRRUS: Unslotted = { id: "VGA (cirrus)", bars: [memory(0, 32 * MIB, true), memory(1, 4 * KIB)], rom: 64 * KIB };

const NICS = {
  rtl8139: { id: "NIC (rtl8139)", bars: [io(0, 256), memory(1, 256)], rom: 256 * KIB },
  e1000: { id: "NIC (e1000)", bars: [memory(0, 128 * KIB), io(1, 64)], rom: 256 * KIB },
} as const satisfies Record<string, Unslotted>;

/** stdvga's frame buffer is a power of two; a real guest with it has not been looked at. */
function stdvga(videoRamMiB: number): Unslotted {
  let size = MIB;
  while (size < videoRamMiB * MIB && size < 1024 * MIB) size *= 2;
  return { id: "VGA (stdvga)", bars: [memory(0, size, true), memory(2, 4 * KIB)], rom: 64 * KIB, unverified: true };
}

export interface EmulatedOptions {
  readonly vga: "cirrus" | "stdvga" | "none";
  /** MiB, for stdvga. Default 16. */
  readonly videoRamMiB?: number;
  /** Emulated network cards, in order. */
  readonly nics?: readonly (keyof typeof NICS)[];
  /** Default true. */
  readonly platformDevice?: boolean;
  /** Default false. */
  readonly usb?: boolean;
}

/** A function that is to be passed through, before it has a slot. */
export interface PassedThrough {
  readonly id: string;
  readonly bars: readonly GuestBar[];
  readonly rom: number | null;
  /** xl's `@VSLOT`, 0 to 31; null when not given. */
  readonly vslot: number | null;
}

export interface GuestBus {
  readonly devices: readonly GuestDevice[];
  readonly remarks: readonly Remark[];
}

const FIRST_FREE = 2;
const SLOTS = 32;

/**
 * Bus 0 of a qemu-xen guest: the emulated devices, then those passed through in the order given, each in the slot asked
 * for or else the next free one. The order platform device, display, network, passed through agrees with a capture of
 * Xen 4.14.3 (00:02, :03, :04, :05); for other combinations it is an assumption, and remarked. Never throws.
 */
export function guestBus(options: EmulatedOptions, passed: readonly PassedThrough[]): GuestBus {
  const { vga, videoRamMiB = 16, nics = [], platformDevice = true, usb = false } = options;
  const devices: GuestDevice[] = [ROWS.hostBridge, ROWS.isa, ROWS.ide, ...(usb ? [ROWS.usb] : []), ROWS.acpi];
  if (platformDevice) devices.push(ROWS.platform);
  const taken = new Set(devices.map((d) => (d.devfn ?? 0) >> 3));
  const remarks: Remark[] = [];

  const nextSlot = (): number | null => {
    for (let s = FIRST_FREE; s < SLOTS; s++) if (!taken.has(s)) return s;
    return null;
  };
  const put = (device: Unslotted, at: number | null): void => {
    if (at !== null) taken.add(at);
    devices.push({ ...device, devfn: at === null ? null : slot(at) });
  };

  if (vga !== "none") put(vga === "cirrus" ? CIRRUS : stdvga(videoRamMiB), nextSlot());
  for (const [i, model] of nics.entries()) {
    const nic = NICS[model];
    put(i === 0 ? nic : { ...nic, id: `${nic.id} ${i + 1}`, unverified: true }, nextSlot());
  }
  const usable = (s: number): boolean => Number.isInteger(s) && s >= 0 && s < SLOTS && !taken.has(s);
  const wanted = passed.map(({ vslot }) => {
    if (vslot === null || !usable(vslot)) return null;
    taken.add(vslot);
    return vslot;
  });
  for (const [i, { id, bars, rom, vslot }] of passed.entries()) {
    const at = wanted[i] ?? nextSlot();
    const asked = vslot !== null && at === vslot;
    if (!asked && at !== null) remarks.push(remark(vslot === null ? "slot-assumed" : "slot-taken", id));
    put(asked ? { id, bars, rom } : { id, bars, rom, unverified: true }, at);
  }
  return { devices, remarks };
}
