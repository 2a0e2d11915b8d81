/** Xen's debug key o: page-table-formats.md 9.2, xen-mapping.md 12.1. */
import type { FormatName } from "../../format/format.ts";
import { placed, type RunBuilder, runBuilder } from "./build.ts";
import type { Dialect, DialectInput, TextDump } from "./dump.ts";
import { isCut } from "./lines.ts";

/** "d5", older "dom5", "domain5"; a name in brackets for the hypervisor's own domains. */
const HEAD = /^ {0,8}(\[VT-D\]|AMD IOMMU) d(?:om|omain)?(?:(\d{1,5})|\[[A-Z]{1,8}\]) table has (\d{1,2}) levels/;
const SHARING = /^ {0,8}(?:\[VT-D\] ?|AMD IOMMU )?d(?:om|omain)?(\d{1,5})(?:: ?| )sharing page tables/;
const ERROR = /^ {0,8}AMD IOMMU table error\. next_level = /;
const LEAF = /^( {0,8})[dg]fn: ([0-9a-f]{8,13}) {1,2}mfn: ([0-9a-f]{8,13})(?: {1,2}([r-][w-]))?\s{0,8}$/;

interface Open {
  readonly domain: number | null;
  readonly levels: number;
  readonly format: FormatName;
  readonly builder: RunBuilder;
}

/** A leaf's run. The indent is the number of levels descended: the only place that tells the size. */
function leafOf(text: string, { levels }: Open) {
  const match = LEAF.exec(text);
  const level = levels - (match?.[1]?.length ?? 0);
  if (!match || level < 1 || level > 4) return null;
  const order = 9 * (level - 1);
  return {
    ...placed(Number.parseInt(match[2]!, 16), 2 ** order, Number.parseInt(match[3]!, 16)),
    order,
    access: match[4] === undefined ? null : `${match[4]}-`,
  };
}

function read({ lines, note }: DialectInput): readonly TextDump[] {
  const dumps: Open[] = [];
  for (const { text, line } of lines) {
    const head = HEAD.exec(text);
    const sharing = SHARING.exec(text);
    const open = dumps.at(-1);
    if (head) {
      const format = head[1] === "[VT-D]" ? "vtd" : "amdvi";
      const domain = head[2] === undefined ? null : Number(head[2]);
      dumps.push({ domain, levels: Number(head[3]), format, builder: runBuilder(note) });
    } else if (sharing) note(line, `domain ${sharing[1]}: devices walk the P2M's tables, there are none of their own`);
    else if (isCut(text)) note(line, "the dump is cut here");
    else if (ERROR.test(text)) note(line, "Xen met a pointer that skips levels, or leads to none, and left it out");
    else if (!open) note(line, "no line above says how many levels the table has: the sizes cannot be told");
    else {
      const leaf = leafOf(text, open);
      if (leaf) open.builder.add(leaf, line);
      else note(line, "looks like a line of Xen's IOMMU dump, and is not one; blanks before it must be kept");
    }
  }
  return dumps.map(({ domain, format, builder }) => ({
    dialect: "xen-iommu",
    title: `${domain === null ? "a domain of Xen's" : `domain ${domain}`}, ${format === "vtd" ? "VT-d" : "AMD-Vi"} table`,
    domain,
    what: "iommu",
    format,
    runs: builder.runs(),
    leaves: null,
  }));
}

export const xenIommu: Dialect = {
  name: "xen-iommu",
  claims: (text) =>
    HEAD.test(text) || SHARING.test(text) || ERROR.test(text) || /^ {0,8}[dg]fn: ?[0-9a-f]{1,16} {1,4}mfn:/.test(text),
  read,
};
