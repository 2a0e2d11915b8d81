import { frameOfAddress, type Gfn } from "../address.ts";
import type { Bar, Inventory, PciDevice } from "../inventory/types.ts";
import { guestBus } from "../platform/emulated.ts";
import type { GuestBar } from "../platform/guest-device.ts";
import { type GuestRam, guestRam } from "../platform/guest-ram.ts";
import { type PlacedBar, type Placement, placeBars, placesAlike } from "../platform/hvmloader.ts";
import { cutForQemu } from "../platform/qemu-xen.ts";
import { type PlatformCode, type Remark, reasonOf } from "../platform/reasons.ts";
import { cutForVpci } from "../platform/vpci.ts";
import { FrameSet } from "../ranges.ts";
import { observedPlaces } from "./observed.ts";
import type { Scenario } from "./scenario.ts";

/** A contiguous piece of a BAR that is handed to the hypervisor by itself. */
export interface LaidPiece {
  readonly gfn: number;
  readonly mfn: number;
  readonly pages: number;
  readonly because: PlatformCode;
}

/** One BAR with its place in the guest and how it is cut. */
export interface LaidBar {
  readonly bar: Bar;
  /** Guest byte address; null where it has none. */
  readonly guest: number | null;
  /** What put it there: a placement reason, "given" by a key, "observed" in a log, or "identity": its machine address. */
  readonly placed: PlatformCode | "given" | "observed" | "identity" | null;
  readonly pieces: readonly LaidPiece[];
  readonly holes: readonly { readonly gfn: number; readonly pages: number; readonly because: PlatformCode }[];
  readonly remarks: readonly Remark[];
  /** Why it cannot be planned; null when it can. */
  readonly problem: string | null;
}

export interface LaidDevice {
  readonly device: PciDevice;
  readonly bars: readonly LaidBar[];
}

/** Every BAR with its place, and the RAM around them: addresses in bytes, frames of 4 KiB. */
export interface Layout {
  readonly devices: readonly LaidDevice[];
  readonly ram: GuestRam | null;
  readonly placement: Placement | null;
  readonly remarks: readonly Remark[];
}

/** A BAR with a machine address and a size. */
export type UsableBar = Bar & { readonly address: number; readonly size: number };

/** Has a machine address and a size. */
export const usable = (bar: Bar): bar is UsableBar => bar.address !== null && bar.size !== null;

/** Why a BAR has no usable address or size, in words. */
function problemOf(bar: Bar): string | null {
  if (bar.address === null)
    return bar.state === "unassigned" || bar.state === "zero"
      ? "the host gave it no address, so the guest does not see it"
      : `it has no usable address (${bar.state ?? "none in the input"})`;
  if (bar.size === null) return "the input does not tell its size (give lspci -vv, or sysfs)";
  if (bar.size <= 0 || !Number.isInteger(Math.log2(bar.size))) return `its size, ${bar.size} bytes, is no power of two`;
  if (bar.address + bar.size > 2 ** 52) return "its address lies above 2^52";
  return null;
}

export const memoryBars = (device: PciDevice): readonly Bar[] => device.bars.filter((bar) => bar.kind === "memory");

/** Place every BAR of the scenario's devices and cut it into pieces. */
export function layOut(scenario: Scenario, inventory: Inventory): Layout {
  if (scenario.guest.kind === "hvm") return layOutHvm(scenario, inventory);
  return layOutIdentity(scenario, inventory);
}

/**
 * Whether an HVM guest's BARs are placed in both scenarios of one inventory as in the other: all that placing looks at is
 * the same. What Xen's command line says is not among it.
 */
export const isLaidAlike = (a: Scenario, b: Scenario): boolean =>
  a.guest.kind === "hvm" &&
  placesAlike(a.release, b.release) &&
  JSON.stringify([a.guest, a.barAddresses]) === JSON.stringify([b.guest, b.barAddresses]) &&
  a.devices.length === b.devices.length &&
  a.devices.every((device, i) => device === b.devices[i]);

/** An HVM guest: hvmloader places, QEMU cuts. */
function layOutHvm(scenario: Scenario, inventory: Inventory): Layout {
  const { guest, devices } = scenario;
  const ram = guestRam({
    memoryMiB: guest.memoryMiB,
    videoRamMiB: guest.vga === "none" ? 0 : guest.videoRamMiB,
    mmioHoleMiB: guest.mmioHoleMiB,
    hap: guest.hap,
  });
  const bus = guestBus(
    { vga: guest.vga, videoRamMiB: guest.videoRamMiB, platformDevice: guest.xenPlatformPci },
    devices.map((device) => ({
      id: device.bdf,
      bars: device.bars.filter((bar) => bar.kind !== "rom" && problemOf(bar) === null).map(guestBar),
      rom: romSize(device),
      vslot: inventory.guest?.pci.find((spec) => device.bdf.endsWith(spec.bdf))?.vslot ?? null,
    })),
  );
  const placement = placeBars({
    release: scenario.release,
    devices: bus.devices,
    lowRamEnd: ram.lowRamEnd,
    highRamEnd: ram.highRamEnd,
    mmioHoleMiB: ram.mmioHoleMiB,
    physBits: guest.physBits,
    allowRelocate: false,
  });
  const observed = guest.asObserved ? observedPlaces(inventory, devices) : new Map<string, number>();
  const laid = devices.map((device) => ({
    device,
    bars: memoryBars(device).map((bar): LaidBar => {
      const given = scenario.barAddresses.findLast((a) => a.bdf === device.bdf && a.index === bar.index);
      const seen = observed.get(`${device.bdf}:${bar.index}`);
      const placed = placement.bars.find((p) => p.device === device.bdf && p.index === bar.index);
      return cutBar(
        device,
        bar,
        given?.address ?? seen ?? placed?.address ?? null,
        given ? "given" : seen === undefined ? placed : "observed",
      );
    }),
  }));
  return { devices: laid, ram, placement, remarks: [...ram.remarks, ...bus.remarks, ...placement.remarks] };
}

function cutBar(
  device: PciDevice,
  bar: Bar,
  guest: number | null,
  by: PlacedBar | "given" | "observed" | undefined,
): LaidBar {
  const placed = typeof by === "object" ? by.because : (by ?? null);
  const none = { bar, guest, placed, pieces: [], holes: [], remarks: [] };
  const problem = problemOf(bar);
  if (problem !== null || !usable(bar)) return { ...none, guest: null, problem: problem ?? "unusable" };
  if (guest === null)
    return { ...none, problem: typeof by === "object" ? reasonOf(by.because).says : "it got no guest address" };
  const { msix } = device;
  const inThisBar = msix?.table?.bar === bar.index ? { tableOffset: msix.table.offset, vectors: msix.vectors } : null;
  const cut = cutForQemu({ guest, host: bar.address, size: bar.size, msix: inThisBar });
  return { ...none, pieces: cut.pieces, holes: cut.holes, remarks: cut.remarks, problem: null };
}

/** A host's BAR as the guest's firmware sees it. */
export const guestBar = (bar: Bar): GuestBar => ({
  index: bar.index,
  kind: bar.kind === "io" ? "io" : "memory",
  size: bar.size ?? 0,
  width: bar.width,
  prefetchable: bar.prefetchable,
});

const romSize = (device: PciDevice): number | null => {
  const rom = device.bars.find((bar) => bar.kind === "rom");
  return rom && problemOf(rom) === null ? rom.size : null;
};

/**
 * A PVH dom0 has its devices at their machine addresses, cut by vPCI; a PV guest too, but nothing is entered for it.
 * Up to 4.18 adjoining BARs make one run: it stands with the BAR in which it begins.
 */
function layOutIdentity(scenario: Scenario, inventory: Inventory): Layout {
  const isPv = scenario.guest.kind === "pv";
  const enabled = enabledFrames(inventory);
  const devices = scenario.devices.map((device) => {
    const bars = memoryBars(device);
    const { msix } = device;
    const cut = cutForVpci({
      release: scenario.release,
      bars: bars
        .filter(good)
        .map((bar) => ({ index: bar.index, guest: bar.address, host: bar.address, size: bar.size })),
      msix: msix?.table ? { vectors: msix.vectors, table: msix.table, pba: msix.pba } : null,
      others: othersFrames(enabled, device),
    });
    return {
      device,
      bars: bars.map((bar): LaidBar => {
        const none = { bar, guest: null, placed: null, pieces: [], holes: [], remarks: [] };
        const problem = problemOf(bar);
        if (problem !== null || !usable(bar)) return { ...none, problem };
        const { start, end } = barFrames(bar);
        const inside = ({ gfn }: { readonly gfn: number }): boolean => gfn >= start && gfn < end;
        const skipped = cut.skipped.find((s) => s.bar === bar.index);
        return {
          ...none,
          guest: bar.address,
          placed: "identity",
          pieces: isPv || skipped ? [] : cut.runs.filter(inside),
          holes: isPv ? [] : cut.holes.filter(inside),
          remarks: !isPv && bar === bars[0] ? cut.remarks : [],
          problem: skipped && !isPv ? reasonOf(skipped.because).says : null,
        };
      }),
    };
  });
  return { devices, ram: null, placement: null, remarks: [] };
}

/** Every frame that holds a byte of a BAR. */
export const barFrames = ({ address, size }: { readonly address: number; readonly size: number }) => ({
  start: frameOfAddress(address) as number,
  end: Math.ceil((address + size) / 4096),
});

interface Enabled {
  readonly bdf: string;
  readonly start: number;
  readonly end: number;
}

const good = (bar: Bar): bar is UsableBar => problemOf(bar) === null && usable(bar);

/** Frames of the enabled BARs of all devices. */
const enabledFrames = ({ devices }: Inventory): readonly Enabled[] =>
  devices
    .filter(({ memoryDecode }) => memoryDecode !== false)
    .flatMap((device) =>
      memoryBars(device)
        .filter(good)
        .map((bar) => ({ bdf: device.bdf, ...barFrames(bar) })),
    );

/** Those of dom0's other devices, as far as they bear on this device. Added one by one: there may be very many. */
function othersFrames(all: readonly Enabled[], self: PciDevice): FrameSet<Gfn> {
  const own = memoryBars(self).filter(good).map(barFrames);
  let others = FrameSet.empty<Gfn>();
  for (const { bdf, start, end } of all)
    if (
      bdf !== self.bdf &&
      own.some((mine) => start < mine.end && mine.start < end) &&
      !others.contains(start, end - start)
    )
      others = others.add(start, end - start);
  return others;
}
