import type { GuestBar, GuestDevice } from "../../src/platform/guest-device.ts";
import type { PlacementInput } from "../../src/platform/hvmloader.ts";
import type { ReleaseNumber } from "../../src/platform/release.ts";

/** "4.17.5" or "4.17-tip". */
export function xen(text: string): ReleaseNumber {
  const [version = "", tip] = text.split("-");
  const [, minor = 0, point = 0] = version.split(".").map(Number);
  return { minor, point, tip: tip !== undefined };
}

export const memory = (index: number, size: number, type: Partial<GuestBar> = {}): GuestBar => ({
  index,
  kind: "memory",
  size,
  width: 32,
  prefetchable: false,
  ...type,
});
export const memory64 = (index: number, size: number): GuestBar =>
  memory(index, size, { width: 64, prefetchable: true });
export const io = (index: number, size: number): GuestBar => memory(index, size, { kind: "io" });

export const device = (
  id: string,
  slot: number,
  bars: readonly GuestBar[],
  more: Partial<GuestDevice> = {},
): GuestDevice => ({ id, devfn: slot * 8, bars, rom: null, ...more });

/** What libxl gives a qemu-xen guest of 2 GiB. */
export const libxl = (devices: readonly GuestDevice[], more: Partial<PlacementInput> = {}): PlacementInput => ({
  release: xen("4.19.0"),
  devices,
  lowRamEnd: 2 * 2 ** 30,
  highRamEnd: null,
  mmioHoleMiB: null,
  physBits: 39,
  allowRelocate: false,
  ...more,
});
