import * as v from "valibot";
import { printable } from "./notes.ts";
import type { SysfsReader } from "./sysfs-directory.ts";
import type { Note } from "./types.ts";

/** One function's directory of `/sys/bus/pci/devices`. */
export interface CollectedDevice {
  /** Attribute name → text. */
  readonly files: Readonly<Record<string, string>>;
  /** Link name → target. */
  readonly links: Readonly<Record<string, string>>;
  /** Configuration space, two hexadecimal digits a byte: 64, 256 or 4096 bytes. */
  readonly config?: string;
}

/** What `collect` gathers on a host: raw texts by what they are, so that the readers run on them anywhere else. */
export interface CollectDocument {
  readonly physmap: 1;
  readonly kind: "collect";
  readonly xlInfo?: string;
  readonly xlDmesg?: string;
  /** `lspci -D -vvv -nn`. */
  readonly lspci?: string;
  /** By name: `0000:3f:00.0`. */
  readonly sysfs?: Readonly<Record<string, CollectedDevice>>;
  readonly iomem?: string;
  /** `/proc/cmdline`: dom0's, or a KVM host's. */
  readonly linuxCmdline?: string;
  /** Xen's options as its boot loader is set up to pass them. */
  readonly xenCmdline?: string;
  readonly guests?: readonly { readonly name: string; readonly text: string }[];
  /** What could not be read, and why. */
  readonly missing: readonly { readonly what: string; readonly why: string }[];
}

const CONFIG_BYTES = 4096;
const MAX_MISSING = 50;
const MAX_NOTE = 400;
const text = v.exactOptional(v.string());
const texts = v.record(v.string(), v.string());

/** Also the source of the JSON Schema. Keys that are not listed are let pass, for later versions. */
export const CollectSchema = v.looseObject({
  physmap: v.literal(1),
  kind: v.literal("collect"),
  xlInfo: text,
  xlDmesg: text,
  lspci: text,
  sysfs: v.exactOptional(
    v.record(
      v.string(),
      v.object({
        files: texts,
        links: texts,
        config: v.exactOptional(v.pipe(v.string(), v.regex(/^[0-9a-f]*$/i), v.maxLength(2 * CONFIG_BYTES))),
      }),
    ),
  ),
  iomem: text,
  linuxCmdline: text,
  xenCmdline: text,
  guests: v.exactOptional(v.array(v.object({ name: v.string(), text: v.string() }))),
  missing: v.array(v.object({ what: v.string(), why: v.string() })),
});

/** A collect document that was read: null with notes where it was not understood. */
export interface CollectReading {
  /** null where the text is no such document; a note says why. */
  readonly document: CollectDocument | null;
  readonly notes: readonly Note[];
}

/** Reads a document that {@link makeCollect} made. Never throws. */
export function readCollect(json: string, file: string): CollectReading {
  const note = (kind: Note["kind"], says: string): Note => ({
    kind,
    says: printable(says).slice(0, MAX_NOTE),
    from: { file },
  });
  const bad = (says: string): CollectReading => ({ document: null, notes: [note("unread", says)] });
  let value: unknown;
  try {
    value = JSON.parse(json.replace(/^\ufeff/, ""));
  } catch (error) {
    return bad(`no valid JSON (cut off?): ${error instanceof Error ? error.message : "unreadable"}`);
  }
  const result = v.safeParse(CollectSchema, value, { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    return bad(`collect document: ${v.getDotPath(issue)?.slice(0, 80) ?? "the whole"}: ${issue.message}`);
  }
  const document: CollectDocument = result.output;
  const unknown = Object.keys(result.output).filter((key) => !Object.hasOwn(CollectSchema.entries, key));
  const notes = document.missing
    .slice(0, MAX_MISSING)
    .map(({ what, why }) => note("missing", `not collected: ${what}: ${why}`));
  const more = document.missing.length - notes.length;
  if (more > 0) notes.push(note("missing", `not collected: ${more} more`));
  if (unknown.length > 0)
    notes.push(note("unread", `unknown keys of the collect document: ${unknown.slice(0, 8).join(", ")}`));
  return { document, notes };
}

/** Puts gathered parts together as a document. */
export const makeCollect = (parts: Omit<CollectDocument, "physmap" | "kind">): CollectDocument => ({
  physmap: 1,
  kind: "collect",
  ...parts,
});

/** The collected devices as the tree that they were read from. */
export function collectedSysfs(document: CollectDocument): SysfsReader {
  const devices = new Map(Object.entries(document.sysfs ?? {}));
  const own = (record: Readonly<Record<string, string>> | undefined, name: string): string | undefined =>
    record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
  const at = (path: string): readonly [CollectedDevice | undefined, string] => {
    const [bdf = "", name = ""] = path.split("/");
    return [devices.get(bdf), name];
  };
  return {
    list(path) {
      if (path === "") return [...devices.keys()];
      const device = devices.get(path);
      return device === undefined ? [] : [...Object.keys(device.files), ...Object.keys(device.links)];
    },
    text(path) {
      const [device, name] = at(path);
      return own(device?.files, name);
    },
    bytes(path) {
      const [device, name] = at(path);
      if (name !== "config" || device?.config === undefined) return undefined;
      const pairs = device.config.match(/../g) ?? [];
      return Uint8Array.from(pairs, (pair) => Number.parseInt(pair, 16));
    },
    link(path) {
      const [device, name] = at(path);
      return own(device?.links, name);
    },
  };
}
