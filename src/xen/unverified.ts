import type { Domain } from "./domain.ts";
import { isSince } from "./release.ts";

/** A statement of the specification that no real hypervisor has confirmed, and that this domain's numbers rest on. */
export interface Unverified {
  readonly code: string;
  /** For people: what is assumed, and what it touches. */
  readonly says: string;
  /** Section of xen-mapping.md. */
  readonly where: string;
}

interface Statement extends Unverified {
  readonly applies: (domain: Domain) => boolean;
}

const onAmdVi = ({ machine }: Domain): boolean => machine.iommu?.kind === "amdvi";
const hasContext = ({ iommuMode }: Domain): boolean => iommuMode !== "none";

const STATEMENTS: readonly Statement[] = [
  {
    code: "shadow-memory-type",
    says: "In shadow mode the memory type that the guest gets is computed when a shadow entry is built; how exactly was not confirmed. The tables shown here do not hold it.",
    where: "9",
    applies: (domain) => domain.kind !== "pv" && !domain.hap,
  },
  {
    code: "taking-ram-away",
    says: "What taking RAM away does to the tables was read in the code of 4.13.0 and 4.17; no capture exercises it.",
    where: "3.5",
    applies: (domain) => domain.kind !== "pv",
  },
  {
    code: "revocation-since",
    says: "That revoking a permission may enlarge the one before it was seen on 4.14.6 and 4.17.7 and not on 4.20.4; which release ended it is not known, and 4.20.0 is assumed.",
    where: "2.4",
    applies: ({ machine: { release } }) =>
      release.minor >= 18 && release.minor <= 20 && !isSince(release, "4.21", "4.20.4"),
  },
  {
    code: "left-behind",
    says: "When exactly IOMMU tables and entries go after a device is taken away, or the domain destroyed, is known for tables only.",
    where: "12.3",
    applies: hasContext,
  },
  {
    code: "tables-for-device",
    says: "That assigning a device before anything is mapped makes the VT-d tables on the way to address 0 was seen on 4.14.6 and not on 4.17.7; which release ended it is not known, and 4.17 is assumed.",
    where: "7.11",
    applies: ({ machine, iommu, devices }) =>
      machine.iommu?.kind === "vtd" &&
      iommu !== null &&
      devices.size > 0 &&
      (machine.release.minor === 15 || machine.release.minor === 16),
  },
  {
    code: "memory-for-device",
    says: "What memory it takes to assign a device and to take it away was seen on 4.14.6, 4.17.7 and 4.20.4; when it changed is not known, and 4.17 is assumed.",
    where: "7.2",
    applies: ({ machine, devices }) =>
      Number.isFinite(machine.iommuPages) && devices.size > 0 && ![14, 17, 20].includes(machine.release.minor),
  },
  {
    code: "foreign-since",
    says: "That a device model may map pages of its guest was seen on 4.20.4 and not on 4.17.7; which release began it is not known, and 4.20 is assumed.",
    where: "3.2",
    applies: ({ machine: { release }, deviceModelOf }) =>
      deviceModelOf !== null && release.minor >= 20 && !isSince(release, "4.21", "4.20.4"),
  },
  {
    code: "ram-list-order",
    says: "Up to 4.12 the first device enters the guest's RAM in the order of its page list. It is taken to be the order of population; with AMD-Vi up to 4.11 the order decides what merges.",
    where: "7.2",
    applies: (domain) => onAmdVi(domain) && hasContext(domain) && !domain.machine.release.amdWithoutMerging,
  },
  {
    code: "amd-unmap-tables",
    says: "AMD-Vi's unmap routine made tables just to look for an entry in 4.7 and 4.8; that 4.9 to 4.11 no longer do is read out of the same sentence.",
    where: "10.4",
    applies: (domain) => {
      const { amdUnmapOnlyLooks, amdWithoutMerging } = domain.machine.release;
      return onAmdVi(domain) && hasContext(domain) && amdUnmapOnlyLooks && !amdWithoutMerging;
    },
  },
  {
    code: "beyond-fixed-depth",
    says: "These AMD-Vi tables cover less than the guest's 48-bit addresses. That a frame beyond them fails with -EFAULT is an assumption.",
    where: "7.10",
    applies: (domain) =>
      onAmdVi(domain) && domain.machine.release.amdDepthByDomainWidth && domain.iommu?.tree.levels === 3,
  },
  {
    code: "amd-pv-depth",
    says: "A PV guest's AMD-Vi tables have the levels that the highest machine frame needs; here that is a frame of the model's own RAM, so they may be one level deeper than on the host.",
    where: "7.10",
    applies: (domain) => {
      const { hostMap, release } = domain.machine;
      return (
        onAmdVi(domain) &&
        domain.kind === "pv" &&
        hasContext(domain) &&
        hostMap === null &&
        !release.amdDepthByDomainWidth
      );
    },
  },
];

/** The unconfirmed statements that apply to a domain as it is now. */
export const unverifiedFor = (domain: Domain): readonly Unverified[] =>
  STATEMENTS.filter(({ applies }) => applies(domain)).map(({ code, says, where }) => ({ code, says, where }));
