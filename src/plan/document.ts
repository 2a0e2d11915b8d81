import type { Note } from "../inventory/types.ts";
import type { BootStep } from "../platform/boot.ts";
import type { Ledger, LedgerKind } from "../xen/ledger.ts";
import type { ReasonCode } from "../xen/reasons.ts";
import type { Advice } from "./advice.ts";
import type { FitFinding } from "./finding.ts";
import type { PoolBudget } from "./pool.ts";
import type { Counts } from "./simulate.ts";
import type { TimeRange } from "./time.ts";

/** The `plan` document (contract, "plan --json"): addresses are lower-case "0x…" strings, counts plain numbers. */
export interface PlanDocument {
  readonly physmap: 1;
  readonly kind: "plan";
  /** What a batch calls the host; absent elsewhere. */
  readonly host?: string;
  readonly scenario: PlanScenario;
  readonly devices: readonly PlanDevice[];
  /** xl.cfg's `iomem=` ranges, entered before the devices; absent when there are none. Not on the ledgers below. */
  readonly iomem?: readonly PlanRange[];
  readonly p2m: PlanTables | null;
  readonly iommu: PlanTables | null;
  /** Mapping the selected devices' BARs once, in a guest whose RAM has already built the upper tables. */
  readonly ledger: Ledger;
  readonly time: PlanTime;
  /** What a whole boot repeats. */
  readonly boot: {
    readonly adds: number;
    readonly deletes: number;
    readonly steps: readonly (BootStep & { readonly bdf: string })[];
    readonly ledger: Ledger;
    readonly time: PlanTime;
    /** Which counts the likely time goes to, most first. */
    readonly goesTo: readonly { readonly kind: LedgerKind; readonly seconds: number }[];
  };
  readonly reasons: readonly { readonly code: ReasonCode; readonly says: string; readonly pages: number }[];
  readonly fit: readonly FitFinding[];
  readonly pool: PoolBudget | null;
  readonly advice: readonly Advice[];
  /** Remarks on this release or device that the reasons do not cover. */
  readonly remarks: readonly PlanRemark[];
  /** Statements behind this plan that no hypervisor or manual has confirmed. */
  readonly unverified: readonly PlanRemark[];
  readonly notes: readonly Note[];
}

/** A stable code and its sentence. */
export interface PlanRemark {
  readonly code: string;
  readonly says: string;
}

/** A range of `iomem=` and how it was entered. */
export interface PlanRange {
  readonly gfn: string;
  readonly mfn: string;
  readonly pages: number;
  readonly hypercalls: number;
  readonly pieces: readonly PlanPiece[];
}

/** An estimated time in seconds, and the name of the costs that it was calibrated on. */
export type PlanTime = TimeRange & { readonly unit: "s"; readonly calibration: string };

/** Leaves and tables (4 KiB each) of one tree that the BARs take. */
export interface PlanTables {
  readonly format: string;
  readonly leaves: Counts;
  /** Tables allocated for the BARs and still there. */
  readonly tables: number;
}

/** Everything that the plan rests on: sizes in MiB, widths in bits. */
export interface PlanScenario {
  readonly xen: string;
  readonly cpu: "intel" | "amd";
  readonly cmdline: string;
  readonly guest: "hvm" | "pvh" | "pv";
  readonly name: string | null;
  readonly hap: boolean;
  readonly passthrough: string;
  readonly iommu: { readonly enabled: boolean; readonly shared: boolean };
  readonly physBits: { readonly host: number; readonly guest: number };
  readonly cpus: number;
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly mmioHoleMiB: number | null;
  readonly guestKernel: string;
}

/** A device and its memory BARs. `id` is "vendor:device" in hex digits; null when no input has it. */
export interface PlanDevice {
  readonly bdf: string;
  readonly id: string | null;
  readonly name: string;
  readonly bars: readonly PlanBar[];
}

/** One memory BAR: size in bytes, addresses as "0x…" byte addresses, null where it has none. */
export interface PlanBar {
  readonly index: number;
  readonly size: number | null;
  readonly host: string | null;
  readonly guest: string | null;
  readonly prefetchable: boolean;
  readonly width: 32 | 64;
  /** What put it at its guest address. */
  readonly placed: string | null;
  /** Why it cannot be planned; absent when it can. */
  readonly problem?: string;
  /** Mapping hypercalls for this BAR, once. */
  readonly hypercalls: number;
  /** What stays mapped. A large entry that serves two adjoining BARs of a dom0 shows with both. */
  readonly pieces: readonly PlanPiece[];
  readonly holes: readonly { readonly gfn: string; readonly pages: number; readonly because: string }[];
}

/** A stretch mapped at one order (log2 of 4 KiB pages) for one reason: frame numbers, pages, leaf entries. */
export interface PlanPiece {
  readonly gfn: string;
  readonly mfn: string;
  readonly pages: number;
  readonly order: number;
  readonly entries: number;
  readonly because: ReasonCode;
}
