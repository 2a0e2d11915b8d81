/** Xen's debug key D: page-table-formats.md 9.1, xen-mapping.md 12.1. */
import type { MappedRun } from "../mapped-run.ts";
import { placed, type RunBuilder, runBuilder } from "./build.ts";
import type { Dialect, DialectInput, TextDump } from "./dump.ts";
import { isCut } from "./lines.ts";

const HEAD = /^ {0,8}domain(\d{1,5}) EPT p2m table:/;
const LEAF =
  /^ {0,8}gfn: {1,16}([0-9a-f]{1,13}) order: {1,4}(\d{1,2}) (?: {0,3}mfn: {1,16}([0-9a-f]{1,13})(.{0,16})|PoD\s{0,8}$)/;
/** What follows the mfn: rights as letters or blanks, two letters of memory type, a mark. Letters tell what they are. */
const TAIL = /^ ?([r ]?[w ]?[x ]?) ?(UC|WC|WT|WP|WB|\?\?|\?\d)([?! ]?)\s{0,8}$/;
const ORDERS: readonly number[] = [0, 9, 18];

function leafOf(text: string): MappedRun | null {
  const match = LEAF.exec(text);
  const order = Number(match?.[2]);
  if (!match || !ORDERS.includes(order)) return null;
  const start = Number.parseInt(match[1]!, 16);
  if (match[3] === undefined)
    return { ...placed(start, 2 ** order, null), order, present: false, type: "populate_on_demand" };
  const tail = TAIL.exec(match[4]!);
  if (!tail) return null;
  const [, rights = "", type = "", mark = ""] = tail;
  return {
    ...placed(start, 2 ** order, Number.parseInt(match[3], 16)),
    order,
    access: ["r", "w", "x"].map((right) => (rights.includes(right) ? right : "-")).join(""),
    memoryType: type.startsWith("?") ? "reserved" : type,
    // The mark of a recalculation hides that of IPAT.
    ipat: mark === "?" ? null : mark === "!",
  };
}

function read({ lines, note }: DialectInput): readonly TextDump[] {
  const dumps: { readonly domain: number | null; readonly builder: RunBuilder }[] = [];
  for (const { text, line } of lines) {
    const head = HEAD.exec(text);
    if (head) {
      dumps.push({ domain: Number(head[1]), builder: runBuilder(note) });
      continue;
    }
    if (isCut(text)) {
      note(line, "the dump is cut here");
      continue;
    }
    const leaf = leafOf(text);
    if (!leaf) note(line, "looks like a line of Xen's EPT dump, and is not one");
    else {
      if (dumps.length === 0) {
        note(line, "no line above says which domain this is");
        dumps.push({ domain: null, builder: runBuilder(note) });
      }
      dumps.at(-1)!.builder.add(leaf, line);
    }
  }
  return dumps.map(({ domain, builder }) => ({
    dialect: "xen-ept",
    title: `${domain === null ? "a domain" : `domain ${domain}`}, EPT P2M table`,
    domain,
    what: "p2m",
    format: "ept",
    runs: builder.runs(),
    leaves: null,
  }));
}

export const xenEpt: Dialect = {
  name: "xen-ept",
  claims: (text) => HEAD.test(text) || /^ {0,8}gfn: {1,16}[0-9a-f]{1,16} order:/.test(text),
  read,
};
