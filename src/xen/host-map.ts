import type { Mfn } from "../address.ts";
import { type FrameRange, FrameSet } from "../ranges.ts";

export type MemoryType = "ram" | "reserved" | "acpi" | "nvs" | "unusable";

/** An entry of the host's memory map (E820): byte addresses, the last one included. */
export interface MemoryEntry {
  readonly first: number;
  readonly last: number;
  readonly type: MemoryType;
}

/** What the hardware domain's tables are made from, beside its own memory (xen-mapping.md 7.9). */
export interface HostMap {
  readonly memory: readonly MemoryEntry[];
  /** Frames of the hypervisor's own image and of what starts processors. */
  readonly own: FrameSet<Mfn>;
  readonly ioApics: FrameSet<Mfn>;
  /** Windows to PCI configuration space (MMCFG). */
  readonly configWindows: FrameSet<Mfn>;
  /** Registers of VT-d units, which are taken from dom0 after its tables have been made. */
  readonly vtdRegisters: FrameSet<Mfn>;
}

const PAGE = 4096;

/** Frames that hold any byte of the entries of a type. */
export const framesOf = ({ memory }: HostMap, type: MemoryType): FrameSet<Mfn> =>
  FrameSet.of<Mfn>(
    ...memory
      .filter((entry) => entry.type === type)
      .map(({ first, last }): FrameRange => ({ start: Math.floor(first / PAGE), end: Math.floor(last / PAGE) + 1 })),
  );

/** One more than the highest frame of RAM. */
export const topOfRam = (map: HostMap): number => framesOf(map, "ram").ranges.at(-1)?.end ?? 0;

/** Frames of `set` without those of `other`. */
export const without = (set: FrameSet<Mfn>, other: FrameSet<Mfn>): FrameSet<Mfn> =>
  other.ranges.reduce((rest, { start, end }) => rest.remove(start, end - start), set);

/** Frames of either. */
export const union = (set: FrameSet<Mfn>, other: FrameSet<Mfn>): FrameSet<Mfn> =>
  other.ranges.reduce((all, { start, end }) => all.add(start, end - start), set);

/** Frames of both. */
export const common = (set: FrameSet<Mfn>, other: FrameSet<Mfn>): FrameSet<Mfn> => without(set, without(set, other));
