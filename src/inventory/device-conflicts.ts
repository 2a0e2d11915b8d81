import { hex } from "../address.ts";
import { where } from "./notes.ts";
import type { Bar, Note, PciDevice } from "./types.ts";

/** Where two readings of one function disagree; `kept` is the one whose values stay. */
export function deviceConflicts(kept: PciDevice, other: PciDevice): readonly Note[] {
  const notes: Note[] = [];
  const compare = (
    what: string,
    a: string | null,
    b: string | null,
    sources: readonly [PciDevice | Bar, PciDevice | Bar],
  ) => {
    if (a === null || b === null || a === b) return;
    const [first, second] = sources;
    const says = `${kept.bdf} ${what}: ${a} (${where(first.from)}), ${b} (${where(second.from)}); the first is taken`;
    notes.push({ kind: "conflict", says, from: second.from });
  };
  const id = ({ vendorId, deviceId }: PciDevice): string | null =>
    vendorId === null || deviceId === null ? null : `${fourDigits(vendorId)}:${fourDigits(deviceId)}`;
  compare("id", id(kept), id(other), [kept, other]);
  compare("driver", kept.driver, other.driver, [kept, other]);
  compare("MSI-X", msix(kept), msix(other), [kept, other]);
  for (const bar of kept.bars) {
    const same = other.bars.find(({ index, kind }) => index === bar.index && kind === bar.kind);
    if (same === undefined) continue;
    compare(`BAR ${bar.index} address`, shown(bar.address), shown(same.address), [bar, same]);
    compare(`BAR ${bar.index} size`, shown(bar.size), shown(same.size), [bar, same]);
  }
  return notes;
}

const shown = (value: number | null): string | null => (value === null ? null : hex(value));
const fourDigits = (id: number): string => id.toString(16).padStart(4, "0");

const msix = ({ msix: found }: PciDevice): string | null =>
  found === null || found.table === null
    ? null
    : `${found.vectors} vectors, table in BAR ${found.table.bar} at ${hex(found.table.offset)}`;
