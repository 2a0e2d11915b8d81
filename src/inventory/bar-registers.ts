import type { Bar, Source } from "./types.ts";

/** Where a register stands in the input, by its offset. */
export type SourceAt = (offset: number) => Source;

/**
 * BARs from `count` consecutive registers: bit 0 = I/O; else bits 2:1 are the type (0 = 32-bit, 1 = below 1 MiB, 2 =
 * 64-bit) and bit 3 is prefetchable.
 */
export function readBarRegisters(view: DataView, offset: number, count: number, at: SourceAt): readonly Bar[] {
  const bars: Bar[] = [];
  for (let index = 0; index < count; index++) {
    const where = offset + 4 * index;
    const low = view.getUint32(where, true);
    if (low === 0) continue;
    const common = { index, size: null, from: at(where) } as const;
    if ((low & 1) === 1) {
      bars.push({ ...common, kind: "io", ...base(low - (low % 4)), width: 32, prefetchable: false });
      continue;
    }
    const wide = (low & 6) === 4;
    const shape = { ...common, kind: "memory", width: wide ? 64 : 32, prefetchable: (low & 8) !== 0 } as const;
    if (wide && index + 1 === count) {
      bars.push({ ...shape, address: null, state: "broken" });
      continue;
    }
    const high = wide ? view.getUint32(where + 4, true) : 0;
    bars.push({ ...shape, ...base(low - (low % 16) + high * 2 ** 32) });
    if (wide) index++;
  }
  return bars;
}

/** A register's address; one that is zero, or beyond the 52 bits of a machine address, is not usable. */
function base(address: number): Pick<Bar, "address" | "state"> {
  if (address === 0) return { address: null, state: "zero" };
  return address < 2 ** 52 ? { address } : { address: null, state: "broken" };
}
