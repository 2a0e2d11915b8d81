import { LEAF, SOFTWARE } from "../../../format/format.ts";
import type { EntryFact, Rule } from "../rule.ts";
import { MMIO_DIRECT, type Rights, restrict, rightsOfType, xenType } from "../xen-rights.ts";

const LOG_DIRTY = 2;

/** Bits of the access right: 61:58 up to 4.19, 62:59 from 4.20 on, as the pointers' default access rwx tells. */
function accessOf({ tree: { tree }, hi }: EntryFact): number {
  const words = tree.memory.frame(tree.root);
  let isNew = false;
  for (let i = 0; words && i < 512; i++) if ((words[2 * i]! & 7) === 7) isNew = words[2 * i + 1]! >>> 20 === 0xb80;
  return (hi >>> (isNew ? 27 : 26)) & 15;
}

const text = ({ r, w, x }: Rights): string =>
  [r, w, x].map((right, i) => (right === null ? "?" : right === 1 ? "rwx"[i] : "-")).join("");

function ept(fact: EntryFact, type: number, rights: Rights): string | null {
  const { lo, visit } = fact;
  const emt = (lo >>> 3) & 7;
  // Direct MMIO is UC; the pages of the local APIC and others that Xen backs itself are WB (xen-mapping.md 5.4).
  if (type === MMIO_DIRECT && emt !== 0 && emt !== 6) return `memory type ${emt}, expected UC`;
  const access = accessOf(fact);
  const wanted = restrict(rights, access);
  if (wanted === null) return `access right ${access} does not exist`;
  // Superpages lose X on some processors (xen-mapping.md 5.2).
  const expected = visit.level > 1 ? { ...wanted, x: wanted.x === 1 ? null : wanted.x } : wanted;
  const given = [lo & 1, (lo >>> 1) & 1, (lo >>> 2) & 1];
  // Read-only device memory is UC with IPAT, and 4 KiB only (xen-mapping.md 5.2, 5.4).
  if (type === MMIO_DIRECT && wanted.w === null && (lo & 2) === 0 && (visit.level > 1 || (lo & 0x40) === 0))
    return "read-only device memory that is a superpage, or without IPAT";
  const fits = [expected.r, expected.w, expected.x].every((right, i) => right === null || right === given[i]);
  return fits
    ? null
    : `rights ${text({ r: given[0], w: given[1], x: given[2] } as Rights)}, expected ${text(expected)}`;
}

/** NPT flags by type (xen-mapping.md 6.1): no access rights are stored, memory type by PCD and PWT. */
function npt({ lo, hi, visit }: EntryFact, type: number, { w, x }: Rights): string | null {
  const writes = (lo & 2) !== 0;
  const executes = hi >>> 31 === 0;
  // Log-dirty frames are written to by nobody before they are marked: W is for EPT with page-modification logging.
  const wanted = type === LOG_DIRTY ? 0 : w;
  if (wanted !== null && writes !== (wanted === 1)) return writes ? "may be written" : "may not be written";
  if (executes !== (x === 1)) return executes ? "may be executed" : "may not be executed";
  if ((lo & (visit.level > 1 ? 0x1000 : 0x80)) !== 0) return "the PAT bit is set";
  const cache = lo & 0x18;
  const expected = type !== MMIO_DIRECT ? 0 : writes ? 0x10 : 0x18;
  return cache === expected ? null : `PCD and PWT are ${cache >>> 3}, expected ${expected >>> 3}`;
}

export const typeContradicts: Rule = {
  id: "type-contradicts-rights",
  severity: "risk",
  says: "An entry's rights or memory type are not what Xen writes for its P2M type.",
  reference: "xen-mapping.md 5.2, 6.1",
  fix: "Xen takes decisions by the type and the processor by the rights: one of them is corrupt, or altp2m or introspection has changed it.",
  entry(fact) {
    const { tree, lo, hi, kind, faults } = fact;
    const type = xenType(tree, { hi });
    if (type === null || faults.length > 0) return null;
    const name = tree.tree.format.name;
    // NPT stores no access right that could take P away (xen-mapping.md 6.1).
    if (kind === SOFTWARE && name === "npt" && rightsOfType(type) !== null)
      return `type ${type}: not present, though entries of this type always are`;
    if (kind !== LEAF) return null;
    const rights = rightsOfType(type);
    if (rights === null) return `a present entry of type ${type}`;
    const says = name === "ept" ? ept(fact, type, rights) : npt(fact, type, rights);
    return says === null ? null : `type ${type}: ${says} (low bits 0x${(lo & 0xfff).toString(16)})`;
  },
};
