import { parseBdf } from "./bdf.ts";
import { quote } from "./note-list.ts";
import { type AddNote, source } from "./notes.ts";
import type { GuestPciSpec } from "./types.ts";

const OPTIONS = new Set(["permissive", "msitranslate", "power_mgmt", "seize", "rdm_policy"]);
const POSITION = /^((?:[0-9a-f]{1,8}:)?[0-9a-f]{1,2}:[0-9a-f]{1,2})\.(\*|[0-7](?:-[0-7])?(?:=[0-7](?:-[0-7])?)?)$/i;
const FUNCTIONS = /^([0-7])(?:-([0-7]))?(?:=([0-7])(?:-([0-7]))?)?$/;
const EXPECTED = "expected [DDDD:]BB:DD.F[@VSLOT][,key=value…], bdf=… or name=…";

/**
 * One item of xl.cfg's `pci` (host-inputs.md 8): one specification a function, a `*` left for the plan to expand.
 * Virtual slots are hexadecimal. A device given by `name=` has no BDF here; its `bdf` reads `name=…`.
 */
export function readPciSpec(text: string, file: string, line: number, add: AddNote): readonly GuestPciSpec[] {
  const [first = "", ...rest] = text.split(",").map((part) => part.trim());
  const options: Record<string, string> = Object.create(null);
  const masks: string[] = [];
  let position = first;
  let slot: string | undefined;
  let name: string | undefined;

  for (const [i, part] of [first, ...rest].entries()) {
    const equals = part.indexOf("=");
    const key = equals < 0 ? "" : part.slice(0, equals).trim();
    const value = part.slice(equals + 1).trim();
    if (i > 0 && part === "") continue;
    if (i > 0 && FUNCTIONS.test(part)) masks.push(part);
    else if (key === "bdf") position = value;
    else if (key === "vslot") slot = value;
    else if (key === "name") name = value;
    else if (i > 0) {
      if (!OPTIONS.has(key)) add("unread", `pci ${quote(text)}: ${quote(part)} is no key that is known here`, line);
      if (key !== "") options[key] = value;
    }
  }
  const [place = "", atSlot] = position.split("@");
  const vslot = readSlot(slot ?? atSlot, text, line, add);
  const from = source(file, line);
  if (name !== undefined && position === first && !POSITION.test(place)) {
    add("missing", `pci ${quote(text)}: a name does not tell the address; give the device's BDF`, line);
    return [{ bdf: `name=${name}`, vslot, options: Object.assign(options, { name }), from }];
  }

  const match = POSITION.exec(place);
  const [, prefix = "", functions = ""] = match ?? [];
  const base = match === null ? null : parseBdf(`${padded(prefix)}.0`);
  if (base === null) {
    add("unread", `pci ${quote(text)}: ${EXPECTED}`, line);
    return [];
  }
  const at = (fn: string): string => `${base.slice(0, -1)}${fn}`;
  if (functions === "*") return [{ bdf: at("*"), vslot, options, from }];
  return [functions, ...masks].flatMap((mask) =>
    expand(mask).map(({ fn, vfn }) => ({
      bdf: at(String(fn)),
      vslot,
      options: vfn === undefined ? options : Object.assign(Object.create(null), options, { vfunc: String(vfn) }),
      from,
    })),
  );
}

/** xl takes addresses with fewer digits too: `3:0.0`. */
function padded(prefix: string): string {
  const parts = prefix.split(":");
  const [device = "", bus = "", domain = "0"] = parts.reverse();
  return `${domain.padStart(4, "0")}:${bus.padStart(2, "0")}:${device.padStart(2, "0")}`;
}

/** `2-3=0-1`: functions 2 and 3, seen by the guest as 0 and 1. */
function expand(mask: string): readonly { readonly fn: number; readonly vfn: number | undefined }[] {
  const [, from = "0", to = from, virtualFrom] = FUNCTIONS.exec(mask) ?? [];
  const low = Math.min(Number(from), Number(to));
  const high = Math.max(Number(from), Number(to));
  return Array.from({ length: high - low + 1 }, (_, i) => ({
    fn: low + i,
    vfn: virtualFrom === undefined ? undefined : Number(virtualFrom) + i,
  }));
}

function readSlot(slot: string | undefined, text: string, line: number, add: AddNote): number | null {
  if (slot === undefined) return null;
  const value = /^(?:0x)?[0-9a-f]{1,2}$/i.test(slot) ? Number.parseInt(slot.replace(/^0x/i, ""), 16) : 0x20;
  if (value <= 0x1f) return value;
  add("unread", `pci ${quote(text)}: expected a virtual slot of 00 to 1f, found ${quote(slot)}`, line);
  return null;
}
