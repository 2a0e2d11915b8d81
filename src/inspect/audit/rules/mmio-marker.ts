import type { Rule } from "../rule.ts";

export const mmioMarker: Rule = {
  id: "mmio-marker",
  severity: "note",
  says: "An EPT entry is misconfigured on purpose, as KVM marks emulated device memory.",
  reference: "kvm-mapping.md 2.5",
  fix: "Nothing, if the guest's device model emulates this address; a page of a BAR here costs an exit an access.",
  entry: ({ faults, tree }) =>
    tree.owner !== "xen" && faults.some(({ code }) => code === "mmio-marker") ? "W and X without R" : null,
};
