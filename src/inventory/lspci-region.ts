import { parseHexAddress, parseSize } from "./sizes.ts";
import type { Bar, Source } from "./types.ts";

/** A region line, before anybody knows where it stands. */
export interface Region {
  /** null where the line has no number (`lspci -v`). The expansion ROM is 6. */
  readonly index: number | null;
  readonly kind: Bar["kind"];
  readonly address: number | null;
  readonly size: number | null;
  readonly width: Bar["width"];
  readonly prefetchable: boolean;
  /** What few regions have; null for none. */
  readonly marks: Pick<Bar, "state" | "disabled" | "virtual" | "enhanced"> | null;
  /** What could not be read in the line, one clause; null when everything could. */
  readonly problem: string | null;
}

/** The BAR that a region is, once its number is known. */
export function barOf(region: Region, index: number, from: Source): Bar {
  const { kind, address, size, width, prefetchable, marks } = region;
  const bar = { index, kind, address, size, width, prefetchable, from };
  return marks === null ? bar : { ...bar, ...marks };
}

/** `[virtual]` stands before the kind in older pciutils. */
const REGION =
  /^(?:Region (\d{1,2}): ?)?(?:\[virtual\] )?(Memory|I\/O ports|Expansion ROM) at(?: ([^\s([]\S*))?( [([].*)?$/;
const WIDTH = /\((32-bit|64-bit|low-1M|type 3), ?(non-)?prefetchable\)/;
const SIZE = /\[size=([^\]]{0,24})\]/;
const DISABLED = /\[disabled(?: by cmd)?\]/;

const STATES = new Map<string, NonNullable<Bar["state"]>>([
  ["<unassigned>", "unassigned"],
  ["<ignored>", "ignored"],
  ["<broken-64-bit-slot>", "broken"],
]);

/** Whether a line is about a region at all, complete or not. */
export const looksLikeRegion = (text: string): boolean =>
  /^(?:Region \d|(?:\[virtual\] )?(?:Memory|I\/O ports|Expansion ROM) at\b)/.test(text);

/** A region line in all forms of host-inputs.md 1.2; null when it is none, or is cut before its address. */
export function parseRegion(text: string): Region | null {
  const match = REGION.exec(text);
  if (match === null) return null;
  const number = match[1];
  const what = match[2];
  const rest = match[4] ?? "";
  const kind = what === "Memory" ? "memory" : what === "I/O ports" ? "io" : "rom";
  const width = WIDTH.exec(rest);
  if (kind === "memory" && width === null) return null;
  const size = SIZE.exec(rest);
  const bytes = size === null ? null : parseSize(size[1]!);
  const at = readAddress(match[3] ?? "");
  const state = at === 0 ? "zero" : typeof at === "string" ? at : undefined;
  const disabled = DISABLED.test(rest);
  const virtual = text.includes("[virtual]");
  const enhanced = rest.includes("[enhanced]");
  const marks =
    state === undefined && !disabled && !virtual && !enhanced
      ? null
      : {
          ...(state === undefined ? {} : { state }),
          ...(disabled ? { disabled } : {}),
          ...(virtual ? { virtual } : {}),
          ...(enhanced ? { enhanced } : {}),
        };
  return {
    index: kind === "rom" ? 6 : number === undefined ? null : Number(number),
    kind,
    address: at !== 0 && typeof at === "number" ? at : null,
    size: bytes,
    width: width?.[1] === "64-bit" ? 64 : 32,
    prefetchable: width !== null && width[2] === undefined,
    marks,
    problem:
      (at === null ? "no address of up to 52 bits where one was expected" : null) ??
      (width?.[1] === "type 3" ? "BAR type 3 is reserved" : null) ??
      (bytes === null && rest.includes("[size") ? "the size is cut or malformed" : null),
  };
}

/** An address or what stands in its place; null for what cannot be read. */
function readAddress(token: string): number | NonNullable<Bar["state"]> | null {
  return parseHexAddress(token) ?? STATES.get(token.replace("&lt;", "<").replace("&gt;", ">")) ?? null;
}
