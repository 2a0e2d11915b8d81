import { hex } from "../../src/address.ts";
import type { FormatTarget } from "../generate.ts";
import type { XenVersion } from "../releases.ts";
import type { ScriptDomain, ScriptOperation } from "../script.ts";

/** A situation with a name: operations on one domain, run on each machine that it can be had on. */
export interface Scenario {
  readonly name: string;
  readonly says: string;
  /** Default: all. `npt` means the AMD machine without an IOMMU context for the domain. */
  readonly on?: readonly FormatTarget[];
  readonly cmdline?: string;
  readonly domain?: Partial<ScriptDomain>;
  /** Beside the domain that the scenario is about. */
  readonly others?: readonly ScriptDomain[];
  /** Memory of the machine. Default: the target's. */
  readonly memoryMiB?: number;
  /** The releases that it can be had on. Default: all. */
  readonly xen?: readonly XenVersion[];
  readonly operations: readonly ScriptOperation[];
}

export const G = 2 ** 18;
export const BAR = 0x4000000;
export const domain = 1;

export const permit = (pages = 4 * G, mfn = BAR): ScriptOperation => ({
  op: "iomem_permission",
  domain,
  mfn: hex(mfn),
  pages,
  allow: true,
});
export const revoke = (mfn: number, pages: number): ScriptOperation => ({
  op: "iomem_permission",
  domain,
  mfn: hex(mfn),
  pages,
  allow: false,
});

type Extra = Partial<Pick<Extract<ScriptOperation, { op: "memory_mapping" }>, "raw" | "maxCalls" | "undoOnFailure">>;
export const mapping = (add: boolean, gfn: number, mfn: number, pages: number, extra: Extra = {}): ScriptOperation => ({
  op: "memory_mapping",
  domain,
  gfn: hex(gfn),
  mfn: hex(mfn),
  pages,
  add,
  ...extra,
});
export const map = (gfn: number, mfn: number, pages: number, extra?: Extra): ScriptOperation =>
  mapping(true, gfn, mfn, pages, extra);
export const unmap = (gfn: number, mfn: number, pages: number, extra?: Extra): ScriptOperation =>
  mapping(false, gfn, mfn, pages, extra);
export const populate = (gfn: number, order: number, extents = 1): ScriptOperation => ({
  op: "populate",
  domain,
  gfn: hex(gfn),
  order,
  extents,
});
export const decrease = (gfn: number, order = 0, extents = 1): ScriptOperation => ({
  op: "decrease_reservation",
  domain,
  gfn: hex(gfn),
  order,
  extents,
});
export const remove = (gfn: number): ScriptOperation => ({ op: "remove_from_physmap", domain, gfn: hex(gfn) });
export const assign: ScriptOperation = { op: "assign_device", domain };
export const deassign: ScriptOperation = { op: "deassign_device", domain };

export const WITH_IOMMU = ["amdvi", "vtd"] as const;
export const QEMU = ["npt", "amdvi", "vtd"] as const;
