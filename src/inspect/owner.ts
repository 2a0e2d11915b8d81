import type { Mfn } from "../address.ts";
import { type Field, TABLE } from "../format/format.ts";
import type { Tree } from "../radix/tree.ts";

/** Whose software bits the entries hold; null where nothing tells. */
export type Owner = "xen" | "kvm" | null;

/**
 * Whose software bits a tree holds, told from the pointers in its root: KVM sets bit 11 in all that it calls present
 * (kvm-mapping.md 2.3, 2.4); Xen leaves it clear, and in EPT pointers sets suppress-#VE and its default access right
 * (xen-mapping.md 5.1, 5.3, 6.1). IOMMU tables do not tell.
 */
export function ownerOf({ format, memory, root, levels }: Tree): Owner {
  if (format.name !== "ept" && format.name !== "npt") return null;
  const words = memory.frame(root as Mfn);
  if (!words) return null;
  let xen = 0;
  let kvm = 0;
  for (let i = 0; i < 512; i++) {
    const lo = words[2 * i]!;
    const hi = words[2 * i + 1]!;
    if (format.kindOf(lo, hi, levels) !== TABLE) continue;
    if ((lo & 0x800) !== 0) kvm++;
    else if (format.name === "ept" ? (hi & 0x7c000000) !== 0 : (lo & 0xe00) === 0 && hi >>> 20 === 0) xen++;
  }
  return xen === kvm ? null : xen > kvm ? "xen" : "kvm";
}

/**
 * What software keeps in the bits that hardware ignores and that are not all zero, one clause a field, as far as it is
 * known: Xen's types, access rights and markers, KVM's marks (the sources stand at the formats' rows).
 */
export const softwareTexts = (fields: readonly Field[], owner: Owner): readonly string[] =>
  fields
    .filter(({ name, value }) => name === "ignored" && Number(value) !== 0)
    .flatMap(({ bits, value, says }) =>
      says
        .split("; ")
        .filter((clause) => (/^Xen/.test(clause) && owner !== "kvm") || (/^KVM/.test(clause) && owner !== "xen"))
        .map((clause) => `bits ${bits} = ${value}: ${clause}`),
    );
