import type { Rule } from "../rule.ts";

const CODES: ReadonlySet<string> = new Set(["write-without-read", "execute-only-unsupported", "reserved-memory-type"]);

export const eptMisconfigured: Rule = {
  id: "ept-misconfigured",
  severity: "fault",
  says: "An EPT entry has a combination of rights or a memory type that does not exist: every access exits as a misconfiguration.",
  reference: "page-table-formats.md 1.6",
  fix: "Xen marks entries with memory type 7 only, KVM with W and X alone; anything else is corruption: keep the image and report it.",
  entry({ faults, tree }) {
    // Only KVM marks emulated MMIO by W and X without R.
    const mine = faults.filter(({ code }) => CODES.has(code) || (code === "mmio-marker" && tree.owner === "xen"));
    return mine.length === 0 ? null : mine.map(({ says }) => says).join("; ");
  },
};
