import type { Rule } from "../rule.ts";

/** Faults that rules of their own speak of. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "write-without-read",
  "execute-only-unsupported",
  "reserved-memory-type",
  "mmio-marker",
  "recalculation-mark",
  "supervisor-entry",
]);

export const reservedBits: Rule = {
  id: "reserved-bits",
  severity: "fault",
  says: "An entry has bits set that must be zero, or a size or level that does not exist: the hardware faults on it.",
  reference: "page-table-formats.md 1.4, 1.5, 2.3, 3.4, 4.2",
  fix: "Find who wrote the entry; if the address is right, check the width of physical addresses (--phys-bits).",
  entry({ faults }) {
    const mine = faults.filter(({ code }) => !ELSEWHERE.has(code));
    return mine.length === 0 ? null : mine.map(({ code, says }) => `${code}: ${says}`).join("; ");
  },
};
