import { dialectsIn } from "../../src/inspect/text/read.ts";
import { detectKinds } from "../../src/inventory/detect.ts";
import type { InputKind } from "../../src/inventory/types.ts";
import { parseXenCmdline } from "../../src/inventory/xen-cmdline.ts";
import { EXAMPLES } from "../examples.ts";
import { setKey } from "../state/advice.ts";
import type { NamedText, Source } from "../state/link.ts";
import { against, changes, failure, open, openSource, source } from "../state/store.ts";

/** A text up to this size is carried by the link; what is larger, or binary, is left to the worker as a file. */
const MOST_CARRIED = 2 ** 20;
const HEAD = 4096;

/** Kinds that tell of a host or a guest, and of no device: they join what is open. */
const JOINING: readonly InputKind[] = ["xl-info", "xl-dmesg", "xl-cfg", "xen-cmdline", "linux-cmdline", "iomem"];

/** Texts of the present inputs, where they are all texts. */
function textsNow(): readonly NamedText[] {
  const now = source.value;
  if (now.kind === "own") return now.files.length === 0 ? now.texts : [];
  return now.kind === "example" ? (EXAMPLES.find(({ name }) => name === now.name)?.texts ?? []) : [];
}

/** What a text is for the inventory; null where it is something else. */
const kindOf = (text: string): InputKind | null => detectKinds(text)[0] ?? null;

/** A log may be a dump of page tables: that is something new to look at. */
const holdsTables = ({ text }: NamedText): boolean => dialectsIn(text).some((dialect) => dialect !== "entries");

/** Open texts: a command line or a configuration takes the place of what is open of its kind, a device list is a new host. */
export function takeTexts(texts: readonly NamedText[]): Promise<void> {
  const kinds = texts.map(({ text }) => kindOf(text));
  const now = textsNow();
  const joins =
    now.length > 0 && kinds.every((kind) => kind !== null && JOINING.includes(kind)) && !texts.some(holdsTables);
  if (!joins) return openSource({ kind: "own", texts, files: [] });
  const [only] = texts;
  // What somebody types wins over what xl info says of the running host.
  if (only && texts.length === 1 && kinds[0] === "xen-cmdline")
    return setKey("cmdline", parseXenCmdline(only.text, only.name).cmdline.text);
  const kept = now.filter(({ text }) => !kinds.includes(kindOf(text)));
  source.value = { kind: "own", texts: [...texts, ...kept], files: [] };
  return open();
}

/** Open files: small texts become part of the link, everything else is read in slices. */
export async function takeFiles(list: readonly File[]): Promise<void> {
  if (list.length === 0) return;
  const texts: NamedText[] = [];
  const files: File[] = [];
  try {
    for (const file of list) {
      const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
      const isText = file.size > 0 && file.size <= MOST_CARRIED && !head.includes(0) && head[0] !== 0x1f;
      if (isText) texts.push({ name: file.name, text: await file.text() });
      else files.push(file);
    }
  } catch {
    failure.value = `${list.map(({ name }) => name).join(", ")}: cannot be read: a folder, or a file that is gone? Drop files.`;
    return;
  }
  if (files.length === 0) return takeTexts(texts);
  return openSource({ kind: "own", texts, files });
}

/** Open an example, with the comparison that it is made for. */
export function takeExample(name: string): Promise<void> {
  return openSource({ kind: "example", name }, EXAMPLES.find((each) => each.name === name)?.against ?? []);
}

/** Take one of the present inputs away. */
export function dropInput(index: number): Promise<void> {
  const now: Source = source.value;
  const files = now.kind === "own" ? now.files : [];
  const texts = now.kind === "own" ? now.texts : textsNow();
  const all = [...texts, ...files].filter((_, i) => i !== index);
  source.value = {
    kind: "own",
    texts: all.filter((each): each is NamedText => "text" in each && typeof each.text === "string"),
    files: all.filter((each): each is File => each instanceof File),
  };
  changes.value = [];
  against.value = [];
  return open();
}

/** The present inputs, for people. */
export function inputsNow(): readonly { readonly name: string; readonly says: string }[] {
  const now = source.value;
  const texts = textsNow().map(({ name, text }) => ({ name, says: kindOf(text) ?? "text" }));
  if (now.kind !== "own") return texts;
  if (now.files.length > 0)
    return [...now.texts, ...now.files].map((each) => ({
      name: each.name,
      says: each instanceof File ? `${Math.ceil(each.size / 2 ** 20)} MiB, read in slices` : "text",
    }));
  return texts;
}
