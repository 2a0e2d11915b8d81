import type { Domain } from "../src/xen/domain.ts";
import type { Observed } from "./observe.ts";
import type { RigScript } from "./script.ts";

/** Lines that every build prints about mapping; debug builds say more (xen-mapping.md 2.3). */
const MAPPING = /^(?:memory_map:|d\d+: GFN )/;
/** Of RAM that was refused, nobody sees which frame the hypervisor had chosen. */
const REFUSED_RAM = /-> \(0x[0-9a-f]{1,16},0,7\) not permitted$/;
/** Nor whose page a foreign one is. */
const FOREIGN = /\(0x[0-9a-f]{1,16},((?:\d{1,2},)?14,7)\)/g;
const withoutFrame = (line: string): string =>
  line.replace(REFUSED_RAM, "-> (…,0,7) not permitted").replace(FOREIGN, "(…,$1)");
/** The model keeps no more of them. */
const MOST = 1000;

/** "dom39" and "d39" of a line as the script's own domain id; null for a line about another domain. */
function withOwnId(line: string, xenId: number, id: number): string | null {
  const at = /(?:^|\s)(d|dom)(\d+)(?=[:\s])/.exec(line);
  if (at === null || Number(at[2]) !== xenId) return null;
  const from = at.index + at[0].length - at[2]!.length;
  return line.slice(0, from) + id + line.slice(from + at[2]!.length);
}

/** A console's lines about a domain's mappings, without prefix and time stamp, under the script's id of the domain. */
export function mappingLines(log: string, xenId: number, id: number): string[] {
  return log.split("\n").flatMap((text) => {
    const line = /^\(XEN\) (?:\[[^\]]{1,40}\] )?(.*?)\r?$/.exec(text)?.[1] ?? "";
    const own = MAPPING.test(line) ? withOwnId(line, xenId, id) : null;
    return own === null ? [] : [withoutFrame(own)];
  });
}

/**
 * Where the hypervisor's console (`guest_loglvl=all`) and the model's log part, one line a domain; nothing where they
 * agree line by line.
 */
export function compareLogs(
  script: RigScript,
  observed: Pick<Observed, "domains"> & { readonly log: string },
  domains: readonly Pick<Domain, "id" | "log">[],
): string[] {
  return script.domains.flatMap(({ id }, i) => {
    const xen = mappingLines(observed.log, observed.domains[i]!.xenId, id).slice(0, MOST);
    const all = domains.find((domain) => domain.id === id)?.log ?? [];
    const own = all.filter((line) => MAPPING.test(line)).map(withoutFrame);
    const at = xen.findIndex((line, n) => line !== own[n]);
    // What lies beyond the model's last kept line is not known.
    const end = all.length >= MOST ? Math.min(xen.length, own.length) : Math.max(xen.length, own.length);
    const first = at >= 0 ? at : xen.length;
    if (first >= end) return [];
    return [`domain ${id} line ${first + 1}: hypervisor "${xen[first] ?? ""}", model "${own[first] ?? ""}"`];
  });
}
