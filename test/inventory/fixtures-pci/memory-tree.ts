import type { SysfsReader } from "../../../src/inventory/sysfs-directory.ts";

/** A tree of files as a SysfsReader: text, bytes, or `->target` for a link. */
export function memoryTree(files: Readonly<Record<string, string | Uint8Array>>): SysfsReader {
  const all = new Map(Object.entries(files));
  const get = (path: string): string | Uint8Array | undefined => all.get(path);
  return {
    list(path) {
      const prefix = path === "" ? "" : `${path}/`;
      const below = [...all.keys()].filter((p) => p.startsWith(prefix)).map((p) => p.slice(prefix.length));
      return [...new Set(below.map((p) => p.split("/")[0]!))];
    },
    text(path) {
      const file = get(path);
      return typeof file === "string" && !file.startsWith("->") ? file : undefined;
    },
    bytes(path) {
      const file = get(path);
      return file instanceof Uint8Array ? file : undefined;
    },
    link(path) {
      const file = get(path);
      return typeof file === "string" && file.startsWith("->") ? file.slice(2) : undefined;
    },
  };
}
