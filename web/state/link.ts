import { deflateSync, inflateSync, strFromU8, strToU8 } from "fflate";
import type { InputKind } from "../../src/inventory/types.ts";
import type { View } from "../map/scale.ts";
import type { Change } from "../protocol.ts";

export interface NamedText {
  readonly name: string;
  readonly text: string;
  /** What it is taken for, whatever its content looks like. */
  readonly kind?: InputKind;
}

/** Where the inputs come from: an example by name, or the user's own texts, and files that only the user's machine has. */
export type Source =
  | { readonly kind: "example"; readonly name: string }
  | { readonly kind: "own"; readonly texts: readonly NamedText[]; readonly files: readonly File[] }
  /** A link named files that are not here. */
  | { readonly kind: "missing"; readonly names: readonly string[] };

/** Everything that a link carries. */
export interface Place {
  readonly source: Source;
  readonly changes: readonly Change[];
  /** The second scenario of the timeline, as changes to the first. */
  readonly against: readonly Change[];
  readonly roots: readonly string[];
  readonly space: number;
  readonly tree: "p2m" | "iommu";
  readonly view: View | null;
  readonly selected: number | null;
  /** Nanoseconds that the timeline's clock shows; null: it has come to its end. */
  readonly clock: number | null;
}

export const DEFAULT_PLACE: Place = {
  source: { kind: "example", name: "p40" },
  changes: [],
  against: [["xen", "4.12"]],
  roots: [],
  space: 0,
  tree: "p2m",
  view: null,
  selected: null,
  clock: null,
};

/** Kinds that a text may be forced to be. */
const INPUT_KINDS: readonly InputKind[] = [
  "lspci",
  "lspci-hex",
  "sysfs",
  "iomem",
  "xl-info",
  "xl-dmesg",
  "xl-cfg",
  "xen-cmdline",
  "linux-cmdline",
  "collect",
  "script",
  "snapshot",
];

/** Texts that are larger when packed than any bug tracker takes are named, not carried. */
const MOST_PACKED = 48_000;
/** What a packed text may unfold to. */
const MOST_UNFOLDED = 2 ** 23;
const MOST_CHANGES = 64;

/** A place as the part of a URL after "#". */
export function linkOf(place: Place): string {
  const parts: string[] = [sourcePart(place.source)];
  const add = (key: string, value: string): void => void parts.push(`${key}=${encodeURIComponent(value)}`);
  for (const [key, value] of place.changes) add("with", `${key}=${value}`);
  for (const [key, value] of place.against) add("against", `${key}=${value}`);
  for (const root of place.roots) add("root", root);
  if (place.space > 0) add("space", String(place.space));
  if (place.tree !== "p2m") add("tree", place.tree);
  if (place.view) add("view", `${hexOf(place.view.from)}~${hexOf(place.view.pages)}`);
  if (place.selected !== null) add("gfn", `0x${place.selected.toString(16)}`);
  if (place.clock !== null) add("clock", String(place.clock));
  return parts.join("&");
}

function sourcePart(source: Source): string {
  if (source.kind === "example") return `example=${encodeURIComponent(source.name)}`;
  if (source.kind === "own" && source.files.length === 0) {
    const packed = pack(
      JSON.stringify(
        source.texts.map(({ name, text, kind }) => (kind === undefined ? [name, text] : [name, text, kind])),
      ),
    );
    if (packed.length <= MOST_PACKED) return `texts=${packed}`;
  }
  return `files=${encodeURIComponent(namesOf(source).join("/"))}`;
}

/** What inputs are called. */
export function namesOf(source: Source): readonly string[] {
  if (source.kind === "example") return [source.name];
  return source.kind === "missing" ? source.names : [...source.texts, ...source.files].map(({ name }) => name);
}

/** What a link says; what it says wrongly is as if it were not there. Never throws. */
export function placeOf(fragment: string): Place {
  if (/^#?$/.test(fragment)) return DEFAULT_PLACE;
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const view = /^(0x[0-9a-f.]{1,24})~(0x[0-9a-f.]{1,24})$/.exec(fields.get("view") ?? "");
  const [from, pages] = view ? [numberOf(view[1]!), numberOf(view[2]!)] : [null, null];
  return {
    source: sourceOf(fields),
    changes: changesOf(fields.getAll("with")),
    against: changesOf(fields.getAll("against")),
    roots: fields
      .getAll("root")
      .filter((root) => root.length < 80)
      .slice(0, 8),
    space: wholeOf(fields.get("space")) ?? 0,
    tree: fields.get("tree") === "iommu" ? "iommu" : "p2m",
    view: from === null || pages === null || pages <= 0 ? null : { from, pages },
    selected: gfnOf(fields.get("gfn")),
    clock: wholeOf(fields.get("clock")),
  };
}

function sourceOf(fields: URLSearchParams): Source {
  const texts = fields.get("texts");
  const read = texts === null ? null : unpackTexts(texts);
  if (read) return { kind: "own", texts: read, files: [] };
  const files = fields.get("files");
  if (files !== null) return { kind: "missing", names: files.split("/").slice(0, 32) };
  return { kind: "example", name: fields.get("example")?.slice(0, 40) ?? "p40" };
}

function unpackTexts(packed: string): readonly NamedText[] | null {
  try {
    const list: unknown = JSON.parse(unpack(packed));
    if (!Array.isArray(list)) return null;
    return list.flatMap((each: unknown) => (Array.isArray(each) ? namedText(each[0], each[1], each[2]) : []));
  } catch {
    return null;
  }
}

/** A text as it came from outside; none where it is no text. */
export function namedText(name: unknown, text: unknown, kind: unknown): readonly NamedText[] {
  if (typeof name !== "string" || typeof text !== "string") return [];
  const known = INPUT_KINDS.find((each) => each === kind);
  return [{ name, text, ...(known === undefined ? {} : { kind: known }) }];
}

const changesOf = (list: readonly string[]): readonly Change[] =>
  list.slice(0, MOST_CHANGES).flatMap((text): Change[] => {
    const equals = text.indexOf("=");
    return equals > 0 ? [[text.slice(0, equals), text.slice(equals + 1)]] : [];
  });

/** A number with a fraction of three hex digits at most. */
function hexOf(value: number): string {
  const thousandths = Math.round((value % 1) * 4096);
  const whole = Math.floor(value) + (thousandths === 4096 ? 1 : 0);
  const fraction = thousandths % 4096 === 0 ? "" : `.${thousandths.toString(16).padStart(3, "0")}`;
  return `0x${whole.toString(16)}${fraction}`;
}

function numberOf(text: string): number | null {
  const match = /^0x([0-9a-f]{1,13})(?:\.([0-9a-f]{3}))?$/.exec(text);
  return match ? Number(`0x${match[1]}`) + Number(`0x${match[2] ?? "0"}`) / 4096 : null;
}

const gfnOf = (text: string | null): number | null =>
  text !== null && /^0x[0-9a-f]{1,12}$/i.test(text) ? Number(text) : null;
const wholeOf = (text: string | null): number | null =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;

/** Text, deflated, in the letters that a URL takes. */
function pack(text: string): string {
  const bytes = deflateSync(strToU8(text), { level: 9 });
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function unpack(packed: string): string {
  const binary = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  // The output's size is given, so that a link cannot fill the memory.
  const out = inflateSync(bytes, { out: new Uint8Array(Math.min(MOST_UNFOLDED, bytes.length * 1032 + 64)) });
  return strFromU8(out);
}
