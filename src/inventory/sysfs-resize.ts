import type { NoteList } from "./note-list.ts";
import { parseHexAddress } from "./sizes.ts";
import type { DeviceDirectory } from "./sysfs-directory.ts";
import type { Bar, PciDevice } from "./types.ts";

const MIB = 2 ** 20;

/** `resourceN_resize`: a hexadecimal mask, bit n = 2^n MiB possible (host-inputs.md 3); the current size is the BAR's. */
export function readResizeMasks(dir: DeviceDirectory, bars: readonly Bar[], notes: NoteList): PciDevice["resizable"] {
  return bars.flatMap(({ index, kind, size }) => {
    const name = `resource${index}_resize`;
    const text = kind === "memory" ? dir.text(name) : undefined;
    if (text === undefined || size === null) return [];
    const mask = parseHexAddress(text);
    if (mask === null) {
      notes.add("unread", "expected a hexadecimal mask of sizes", { file: dir.file(name) });
      return [];
    }
    const supported: number[] = [];
    for (let n = 0; 2 ** n <= mask; n++) if (Math.floor(mask / 2 ** n) % 2 === 1) supported.push(MIB * 2 ** n);
    return [{ bar: index, current: size, supported }];
  });
}
