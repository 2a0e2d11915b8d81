import { parseBdf } from "./bdf.ts";
import type { NoteList } from "./note-list.ts";
import type { Bdf } from "./types.ts";

/**
 * A tree of files to read from. Paths have no leading slash and `/` between names; "" is the root. Functions answer
 * nothing for what does not exist or may not be read; they need not follow links in `list`.
 */
export interface SysfsReader {
  list(path: string): readonly string[];
  text(path: string): string | undefined;
  bytes(path: string): Uint8Array | undefined;
  /** Where a symbolic link points to, absolute or relative. */
  link(path: string): string | undefined;
}

/** One function's directory. */
export interface DeviceDirectory {
  readonly bdf: Bdf;
  /** An attribute's text without the line end; undefined when absent. */
  text(name: string): string | undefined;
  /** The last part of a link's target. */
  link(name: string): string | undefined;
  /** An attribute as a source for notes and values. */
  file(name: string): string;
}

/** A function's directory at a path of the tree; `file` names the tree. */
export function directory(read: SysfsReader, path: string, file: string): DeviceDirectory {
  return {
    bdf: parseBdf(path.slice(path.lastIndexOf("/") + 1)) ?? path,
    text: (name) => read.text(`${path}/${name}`)?.trim(),
    link: (name) => read.link(`${path}/${name}`)?.replace(/\/$/, "").split("/").at(-1),
    file: (name) => `${file === "" ? "" : `${file}/`}${path}/${name}`,
  };
}

/** A number such as `0x10de`; null when absent, or, with a note, when malformed. */
export function hexAttribute(dir: DeviceDirectory, name: string, notes: NoteList): number | null {
  const text = dir.text(name);
  if (text === undefined) return null;
  if (/^0x[0-9a-f]{1,6}$/i.test(text)) return Number.parseInt(text, 16);
  notes.add("unread", "expected a hexadecimal number such as 0x10de", { file: dir.file(name) });
  return null;
}

/** A decimal attribute; null when it is absent or no number. */
export function decimalAttribute(dir: Pick<DeviceDirectory, "text">, name: string): number | null {
  const text = dir.text(name);
  return text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : null;
}
