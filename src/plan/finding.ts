/** One thing that does not fit, or may not. */
export interface FitFinding {
  readonly code:
    | "no-address"
    | "no-room"
    | "overlap"
    | "not-size-aligned"
    | "beyond-guest-width"
    | "beyond-host-width"
    | "beyond-iommu-width"
    | "pool-dry"
    | "pool-tight"
    | "refused"
    | "cannot-assign";
  /** "fault": it does not work. "risk": it depends on what the inputs do not tell. */
  readonly severity: "fault" | "risk";
  readonly says: string;
  /** The exact line that would mend it, and where it goes; null when none would. */
  readonly set: { readonly where: string; readonly line: string } | null;
}

/** The xl.cfg line that gives a paging pool of so many pages (xen-mapping.md 11.1). */
export const shadowMemory = (pages: number): string => `shadow_memory = ${Math.ceil(pages / 256)}`;
