import { stripLogPrefix } from "../inventory/log-prefix.ts";
import type { RootHint } from "./roots-hint.ts";

/** Xen with `iommu=debug` (rig.md 4, host-inputs.md 7). */
const AMD =
  /AMD-Vi: Setup I\/O page table: device id = ([0-9a-fx:. ]{1,24}),.{0,64}?root table = 0x([0-9a-f]{1,13})\b/i;
const DOMAIN = /\bdomain = d?(\d{1,5})\b/;
const MODE = /\bpaging mode = (\d)\b/;
/** Linux's debugfs (page-table-formats.md 9.3). */
const VTD_DEVICE = /^Device ([0-9a-f:.]{7,16})(?: with pasid (?:0x)?[0-9a-f]{1,8})? @0x([0-9a-f]{1,16})$/i;

const MAX_HINTS = 4096;

/** Roots that a hypervisor's or a kernel's log names. Lines that say nothing of roots are passed over. Never throws. */
export function rootsInLog(lines: Iterable<string>): RootHint[] {
  const found: RootHint[] = [];
  let number = 0;
  for (const line of lines) {
    number++;
    if (found.length >= MAX_HINTS) break;
    const { text } = stripLogPrefix(line.slice(0, 512));
    const amd = AMD.exec(text);
    if (amd) {
      const levels = Number(MODE.exec(text)?.[1] ?? 0);
      found.push({
        format: "amdvi",
        root: Math.floor(Number(`0x${amd[2]}`) / 4096),
        ...(levels >= 1 && levels <= 6 ? { levels } : {}),
        ...(DOMAIN.test(text) ? { domain: Number(DOMAIN.exec(text)![1]) } : {}),
        from: "log",
        says: `line ${number}: device ${amd[1]!.trim()}`,
      });
      continue;
    }
    const vtd = VTD_DEVICE.exec(text);
    const root = vtd ? Math.floor(Number(`0x${vtd[2]}`) / 4096) : 0;
    if (vtd && root > 0 && root < 2 ** 40)
      found.push({ format: "vtd", root, from: "log", says: `line ${number}: device ${vtd[1]}` });
  }
  return found;
}
