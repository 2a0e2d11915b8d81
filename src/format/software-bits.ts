/** What hypervisors keep in bits that hardware ignores (xen-mapping.md 3.1, 5.1, 6.1, 7.8; kvm-mapping.md 2.3). */
import type { FormatName } from "./format.ts";

/** Xen's P2M types by number (xen-mapping.md 3.1); up to 4.8 the last one is mmio_write_dm. */
export const P2M_TYPES = [
  "ram_rw",
  "invalid",
  "ram_logdirty",
  "ram_ro",
  "mmio_dm",
  "mmio_direct",
  "populate_on_demand",
  "grant_map_rw",
  "grant_map_ro",
  "paging_out",
  "paged",
  "paging_in",
  "ram_shared",
  "ram_broken",
  "map_foreign",
  "ioreq_server",
] as const;

/** What the number may mean where an entry does not tell the release. */
const P2M_TYPE_NAMES: readonly string[] = P2M_TYPES.map((name) =>
  name === "ioreq_server" ? "mmio_write_dm or ioreq_server" : name,
);

/**
 * Xen's P2M type in an entry's high half: bits 57:52 in EPT, 58:52 in NPT; null in formats without one. Only Xen's
 * tables hold one: KVM keeps other things there.
 */
export function p2mTypeOf(format: FormatName, hi: number): number | null {
  if (format === "ept") return (hi >>> 20) & 0x3f;
  return format === "npt" ? (hi >>> 20) & 0x7f : null;
}

/** Its name, or "type N" for one that Xen has not; null in formats without one. */
export function p2mTypeNameOf(format: FormatName, hi: number): string | null {
  const type = p2mTypeOf(format, hi);
  return type === null ? null : (P2M_TYPE_NAMES[type] ?? `type ${type}`);
}

/** "Xen P2M type 5 (mmio_direct)". */
export const p2mTypeText = (type: number): string => `Xen P2M type ${type} (${P2M_TYPE_NAMES[type] ?? "unknown"})`;
