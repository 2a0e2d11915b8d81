import { alignDown, alignUp, ORDER_1G, ORDER_2M, PAGE_SIZE, pagesOf } from "../address.ts";
import type { FrameRange } from "../ranges.ts";
import type { ByteRange } from "./guest-device.ts";

export type E820Type = "ram" | "reserved" | "acpi" | "nvs" | "unusable";

export interface E820Entry extends ByteRange {
  readonly type: E820Type;
}

/**
 * The memory map that Xen gives a PVH dom0: the host's, in which RAM is dom0's up to its allotment (pages of 4 KiB),
 * counted from low addresses, and unusable beyond (xen-mapping.md 8.2).
 */
export function pvhDom0Map(host: readonly E820Entry[], pages: number): readonly E820Entry[] {
  let left = pages * PAGE_SIZE;
  return [...host]
    .sort((a, b) => a.start - b.start)
    .flatMap((entry): E820Entry[] => {
      if (entry.type !== "ram") return [entry];
      const start = Math.ceil(entry.start / PAGE_SIZE) * PAGE_SIZE;
      const end = Math.floor(entry.end / PAGE_SIZE) * PAGE_SIZE;
      if (end <= start) return [];
      const split = Math.min(end, start + left);
      left -= split - start;
      const parts: E820Entry[] = [
        { start, end: split, type: "ram" },
        { start: split, end, type: "unusable" },
      ];
      return parts.filter((part) => part.end > part.start);
    });
}

export interface Allocation {
  readonly start: number;
  readonly order: number;
}

/**
 * The allocations by which Xen populates a range of a PVH dom0's RAM, lazily, in order (xen-mapping.md 8.4).
 * `maxOrder` is the heap's largest order. No allocation is taken to fail.
 */
export function* pvhRamAllocations(range: FrameRange, maxOrder: number): Generator<Allocation> {
  const { end } = range;
  let start = range.start;
  while (start < end) {
    const fits = (order: number): boolean => start % pagesOf(order) === 0 && end - start >= pagesOf(order);
    const target = fits(ORDER_1G)
      ? alignDown(end, ORDER_1G)
      : Math.min(end, alignUp(start + 1, fits(ORDER_2M) ? ORDER_1G : ORDER_2M));
    let order = 0;
    while (order < maxOrder && pagesOf(order + 1) <= target - start && start % pagesOf(order + 1) === 0) order++;
    yield { start, order };
    start += pagesOf(order);
  }
}
