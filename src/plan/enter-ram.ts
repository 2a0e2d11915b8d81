import type { Gfn } from "../address.ts";
import type { GuestRam } from "../platform/guest-ram.ts";
import type { Domain } from "../xen/domain.ts";
import { populate } from "../xen/ram.ts";

const GIB_PAGES = 2 ** 18;
const TOP_ENTRY_PAGES = 2 ** 27;

/**
 * Enter a guest's RAM as far as it shares tables with BARs: the first page, every part of a GiB that is not whole, and
 * one whole GiB in each 512 GiB. More would change no count of the BARs'.
 */
export function enterRam(domain: Domain, { lowRamEnd, highRamEnd }: GuestRam): void {
  populate(domain, 0 as Gfn, 0, 1, null);
  enterRange(domain, 512, Math.floor(lowRamEnd / 4096));
  if (highRamEnd !== null) enterRange(domain, 2 ** 20, Math.floor(highRamEnd / 4096));
}

function enterRange(domain: Domain, start: number, end: number): void {
  let entered = -1;
  for (let at = start; at < end; ) {
    const next = Math.min(end, (Math.floor(at / GIB_PAGES) + 1) * GIB_PAGES);
    if (at % GIB_PAGES === 0 && next - at === GIB_PAGES) {
      const region = Math.floor(at / TOP_ENTRY_PAGES);
      if (region !== entered) populate(domain, at as Gfn, 18, 1, null);
      entered = region;
      const wholeEnd = Math.min(Math.floor(end / GIB_PAGES) * GIB_PAGES, (region + 1) * TOP_ENTRY_PAGES);
      at = Math.max(next, wholeEnd);
      continue;
    }
    for (let page = at; page < next; ) {
      const order = page % 512 === 0 && next - page >= 512 ? 9 : 0;
      const stop = order === 9 ? next : Math.min(next, (Math.floor(page / 512) + 1) * 512);
      const extents = Math.floor((stop - page) / 2 ** order);
      populate(domain, page as Gfn, order, extents, null);
      page += extents * 2 ** order;
    }
    at = next;
  }
}
