import type { PciDevice } from "../../inventory/types.ts";
import type { FrameRange } from "../../ranges.ts";
import type { AuditBar } from "./rule.ts";

const frames = (address: number, bytes: number): FrameRange => ({
  start: Math.floor(address / 4096),
  end: Math.ceil((address + bytes) / 4096),
});

/** Memory BARs that have an address and a size, with the pages of their MSI-X tables (16 bytes a vector, 8 per 64 pending bits). */
export const auditBars = (devices: readonly PciDevice[]): readonly AuditBar[] =>
  devices
    .filter(({ bridge }) => !bridge)
    .flatMap(({ bdf, bars, msix }) =>
      bars.flatMap(({ kind, index, address, size }): AuditBar[] => {
        if (kind !== "memory" || address === null || size === null || size < 1) return [];
        const { start, end } = frames(address, size);
        const hole = (place: { bar: number; offset: number } | null | undefined, bytes: number): FrameRange[] =>
          place?.bar === index ? [frames(address + place.offset, bytes)] : [];
        const vectors = msix?.vectors ?? 0;
        const holes = [...hole(msix?.table, 16 * vectors), ...hole(msix?.pba, 8 * Math.ceil(vectors / 64))];
        return [{ bdf, index, start, pages: end - start, holes }];
      }),
    );
