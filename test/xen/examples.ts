import type { Ledger } from "../../src/xen/ledger.ts";
import { GIB, grant, mapped, runningGuest, unmapped } from "./helpers.ts";

/** Worked examples A and B: a BAR of 32 GiB, guest and machine address both multiples of 32 GiB, or one page apart. */
export const N = 32 * GIB;
export const GFN = 4 * N;
/** Congruent to GFN modulo 32 GiB but not modulo 512 GiB. */
export const MFN = 8 * N;

export interface Column {
  readonly xen: string;
  readonly iommu: "shared" | "vtd" | "amdvi";
  readonly cpus?: number;
  readonly units?: number;
  readonly has1g?: boolean;
  readonly physBits?: number;
  readonly started?: boolean;
  readonly offset?: 0 | 1 | 512;
  /** Leave the unmap out, and its ledger empty. */
  readonly mapOnly?: boolean;
}

export interface Outcome {
  readonly map: Ledger;
  readonly unmap: Ledger;
  readonly firstReturn: number | null;
  /** Differences between the gfns of consecutive log lines of the map, as far as the log goes. */
  readonly steps: readonly number[];
  /** Pages of the pool that the map took, and how many were given back by the unmap. */
  readonly poolTaken: number;
  readonly poolGivenBack: number;
}

export const titleOf = ({ xen, iommu }: Column): string => `${xen} ${iommu}`;

/** Map the BAR and unmap it, with the guest running and the device assigned. */
export function runColumn(column: Column): Outcome {
  const { xen, iommu, cpus = 8, units = 3, has1g = true, physBits = 46, started = true, offset = 0, mapOnly } = column;
  const cpu = iommu === "amdvi" ? "amd" : "intel";
  const sharept = iommu === "shared";
  const { domain } = runningGuest(
    // 1 GiB is a matter of the IOMMU here; where the P2M had it and the IOMMU not, tables could not be shared.
    { xen, cpu, cpus, physBits, options: { sharept }, iommu: { kind: cpu === "amd" ? "amdvi" : "vtd", units, has1g } },
    // Enough lines for the steps; what repeats after them is accounted for without being carried out.
    { started, logLimit: 20 },
  );
  grant(domain, MFN, N);
  domain.log.length = 0;
  const used = domain.pool.used;
  const map = mapped(domain, GFN + offset, MFN, N);
  const gfns = domain.log.flatMap((line) => /:add: \w+ gfn=([0-9a-f]+) /.exec(line)?.[1] ?? []);
  const steps = gfns.slice(1).map((at, i) => Number.parseInt(at, 16) - Number.parseInt(gfns[i]!, 16));
  const after = domain.pool.used;
  const unmap = unmapped(domain, GFN + offset, MFN, mapOnly ? 0 : N);
  if (map.value.result !== 0 || unmap.value.result !== 0) throw new Error("the BAR was not mapped");
  return {
    map: map.ledger,
    unmap: unmap.ledger,
    firstReturn: map.value.firstReturn,
    steps,
    poolTaken: after - used,
    poolGivenBack: after - domain.pool.used,
  };
}
