import { parseHexAddress, parseSize } from "./sizes.ts";
import type { Bar } from "./types.ts";

/** A region line, before anybody knows where it stands. */
export interface Region {
  /** null where the line has no number (`lspci -v`). The expansion ROM is 6. */
  readonly index: number | null;
  readonly bar: Omit<Bar, "index" | "from">;
  /** What could not be read in the line, one clause; null when everything could. */
  readonly problem: string | null;
}

/** `[virtual]` stands before the kind in older pciutils. */
const REGION =
  /^(?:Region (\d{1,2}): ?)?(?:\[virtual\] )?(Memory|I\/O ports|Expansion ROM) at(?: ([^\s([]\S*))?( [([].*)?$/;
const WIDTH = /\((32-bit|64-bit|low-1M|type 3), ?(non-)?prefetchable\)/;
const SIZE = /\[size=([^\]]{0,24})\]/;

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
  const [, number, what, address = "", rest = ""] = match;
  const kind = what === "Memory" ? "memory" : what === "I/O ports" ? "io" : "rom";
  const width = WIDTH.exec(rest);
  if (kind === "memory" && width === null) return null;
  const size = SIZE.exec(rest);
  const bytes = size === null ? null : parseSize(size[1] ?? "");
  const where = readAddress(address);
  return {
    index: kind === "rom" ? 6 : number === undefined ? null : Number(number),
    bar: {
      kind,
      ...where.at,
      size: bytes,
      width: width?.[1] === "64-bit" ? 64 : 32,
      prefetchable: width !== null && width[2] === undefined,
      ...(/\[disabled(?: by cmd)?\]/.test(rest) ? { disabled: true } : {}),
      ...(text.includes("[virtual]") ? { virtual: true } : {}),
      ...(rest.includes("[enhanced]") ? { enhanced: true } : {}),
    },
    problem:
      where.problem ??
      (width?.[1] === "type 3" ? "BAR type 3 is reserved" : null) ??
      (bytes === null && rest.includes("[size") ? "the size is cut or malformed" : null),
  };
}

function readAddress(token: string): { at: Pick<Bar, "address" | "state">; problem: string | null } {
  const state = STATES.get(token.replace("&lt;", "<").replace("&gt;", ">"));
  if (state !== undefined) return { at: { address: null, state }, problem: null };
  const address = parseHexAddress(token);
  if (address === 0) return { at: { address: null, state: "zero" }, problem: null };
  if (address !== null) return { at: { address }, problem: null };
  return { at: { address: null }, problem: "no address of up to 52 bits where one was expected" };
}
