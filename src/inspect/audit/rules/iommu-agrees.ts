/** P2M and IOMMU tables of one domain, frame by frame: page-table-formats.md 10, rule 4. */
import { hex } from "../../../address.ts";
import type { Run } from "../../../radix/runs.ts";
import { diffStretches, type Gap, sameOutput } from "../../diff-runs.ts";
import type { Facts, Hit, Pair, Rule } from "../rule.ts";
import { deviceRights, xenType } from "../xen-rights.ts";

const REFERENCE = "page-table-formats.md 10 (4); xen-mapping.md 7.6";

/** Frames where both, or one of them, maps something and they do not lead to the same with the same rights. */
function* gaps({ p2m, iommu }: Pair): Generator<Gap> {
  const present = (runs: readonly Run[]): Run[] => runs.filter(({ maps }) => maps !== null);
  const writes = (access: string | null): boolean => access?.[1] === "w";
  const agree = (a: Run, b: Run): boolean =>
    sameOutput(a, b) &&
    writes(p2m.words(a).access) === writes(iommu.words(b).access) &&
    iommu.words(b).access?.[0] === "r";
  yield* diffStretches(present(p2m.runs), present(iommu.runs), agree);
}

function* each({ pairs }: Facts, find: (pair: Pair, gap: Gap) => string | null): Generator<Hit> {
  for (const pair of pairs)
    for (const gap of gaps(pair)) {
      const says = find(pair, gap);
      const run = gap.right ?? gap.left;
      if (says === null || !run) continue;
      const { lo, hi, level } = run;
      yield {
        tree: gap.right ? pair.iommu : pair.p2m,
        at: gap.start,
        pages: gap.pages,
        level,
        raw: { lo, hi },
        says,
      };
    }
}

export const iommuFrame: Rule = {
  id: "iommu-frame-differs",
  severity: "fault",
  says: "P2M and IOMMU lead the same guest frame to different machine frames: devices write where the guest does not read.",
  reference: REFERENCE,
  fix: "One of the two was not updated, or not flushed: map the range again; keep the image and report it.",
  check: (facts) =>
    each(facts, (_, { left, right }) =>
      left && right && !sameOutput(left, right)
        ? `the P2M leads to mfn ${hex(left.maps ?? 0)}, the IOMMU to ${hex(right.maps ?? 0)}`
        : null,
    ),
};

export const iommuWrites: Rule = {
  id: "iommu-writes-read-only",
  severity: "fault",
  says: "Devices may write where the guest's processors may only read.",
  reference: REFERENCE,
  fix: "Read-only memory is read-only for a reason (grants, read-only device pages): find who mapped it for devices.",
  check: (facts) =>
    each(facts, ({ p2m, iommu }, { left, right }) =>
      left && right && p2m.words(left).access?.[1] !== "w" && iommu.words(right).access?.[1] === "w"
        ? `the P2M says ${p2m.words(left).access}, the IOMMU ${iommu.words(right).access}`
        : null,
    ),
};

export const iommuLacksRights: Rule = {
  id: "iommu-lacks-rights",
  severity: "risk",
  says: "Devices have fewer rights than the guest's processors: their accesses fault.",
  reference: REFERENCE,
  fix: "Map the range again after the rights have changed; up to Xen 4.22 some types give devices less on purpose.",
  check: (facts) =>
    each(facts, ({ p2m, iommu }, { left, right }) => {
      if (!left || !right || !sameOutput(left, right)) return null;
      const a = p2m.words(left).access ?? "";
      const b = iommu.words(right).access ?? "";
      return b[0] !== "r" || (a[1] === "w" && b[1] !== "w") ? `the P2M says ${a}, the IOMMU ${b}` : null;
    }),
};

/** Whether a run of the P2M is one that devices should reach. */
const isForDevices = ({ p2m }: Pair, run: Run): boolean => {
  const type = xenType(p2m, run);
  return type === null ? p2m.owner !== "kvm" || run.maps !== null : deviceRights(type) !== null;
};

export const iommuMissing: Rule = {
  id: "iommu-missing",
  severity: "risk",
  says: "The guest reaches memory that its devices do not: their accesses fault.",
  reference: REFERENCE,
  fix: "Up to Xen 4.8 direct MMIO, and up to 4.12 MMIO mapped before the first device was assigned, is not in the IOMMU's tables: newer releases enter it.",
  check: (facts) =>
    each(facts, (pair, { left, right }) =>
      left && !right && isForDevices(pair, left)
        ? `the P2M leads to mfn ${hex(left.maps ?? 0)}, the IOMMU nowhere`
        : null,
    ),
};

export const iommuExtra: Rule = {
  id: "iommu-extra",
  severity: "fault",
  says: "Devices reach a guest frame that the P2M does not map: a mapping was taken from the guest and left to its devices.",
  reference: REFERENCE,
  fix: "If it is no reserved region of a device (RMRR, IVMD), it is stale: the frame may belong to somebody else by now.",
  check: (facts) =>
    each(facts, (_, { left, right }) => (right && !left ? `the IOMMU leads to mfn ${hex(right.maps ?? 0)}` : null)),
};
