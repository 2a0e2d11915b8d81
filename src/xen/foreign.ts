import { type Gfn, hex } from "../address.ts";
import { ACCESS_RWX, ERRNO, isGrantOrForeign, isRam, TYPE } from "./constants.ts";
import { crash, type Domain, isTranslated, logLine } from "./domain.ts";
import { NONE } from "./p2m/backend.ts";
import { lookUp } from "./p2m/lookup.ts";
import { setEntries } from "./p2m/write.ts";
import { removeFromPhysmap } from "./ram.ts";

/** What a request of several pages came to: the first error or 0, and the pages before it. */
export interface ForeignResult {
  readonly result: number;
  readonly mapped: number;
}

/** Whether a domain may map another's pages. Which guest it is the device model of, the first one that it asks for settles. */
function mayMap(domain: Domain, from: Domain): boolean {
  if (domain.hardwareDomain) return true;
  if (isTranslated(from)) domain.deviceModelOf ??= from.id;
  return domain.deviceModelOf === from.id;
}

/**
 * `XENMEM_add_to_physmap_batch` of pages of another domain (`from`; undefined: there is none): 4 KiB entries of type "map_foreign", whatever RAM was there
 * before (its pages stay with the domain). Up to 4.17 for the hardware domain alone, later also for a device model, of its
 * guest's pages. All of it as real Xen 4.14.6, 4.17.7 and 4.20.4 answer.
 */
export function mapForeign(
  domain: Domain,
  gfn: Gfn,
  from: Domain | undefined,
  fromGfn: Gfn,
  pages: number,
): ForeignResult {
  if (!domain.hardwareDomain && !domain.machine.release.guestsMapForeign) return { result: ERRNO.EPERM, mapped: 0 };
  if (!from || from.destroyed) return { result: ERRNO.ESRCH, mapped: 0 };
  for (let i = 0; i < pages; i++) {
    const result = mapPage(domain, (gfn + i) as Gfn, from, (fromGfn + i) as Gfn);
    if (result < 0) return { result, mapped: i };
  }
  return { result: 0, mapped: pages };
}

function mapPage(domain: Domain, gfn: Gfn, from: Domain, fromGfn: Gfn): number {
  if (from === domain) return ERRNO.EINVAL;
  if (!mayMap(domain, from)) return ERRNO.EPERM;
  if (!isTranslated(domain)) return ERRNO.EINVAL;
  const source = lookUp(from, fromGfn);
  if (!isRam(source.type) || source.mfn === NONE) return ERRNO.EINVAL;
  const { mfn } = source;
  const { type, mfn: old, order, access } = lookUp(domain, gfn);
  if (isGrantOrForeign(type)) return ERRNO.ENXIO;
  if (type === TYPE.mmio_direct && domain.machine.release.guardsDirectMmio) {
    const was = `${hex(old)},${order},${type},${access}`;
    const wanted = `${hex(mfn)},0,${TYPE.map_foreign},${ACCESS_RWX}`;
    logLine(domain, `d${domain.id}: GFN ${hex(gfn)} (${was}) -> (${wanted}) not permitted`);
    crash(domain);
    return ERRNO.EPERM;
  }
  if (isRam(type) && old !== NONE) {
    const removed = removeFromPhysmap(domain, gfn);
    if (removed < 0) return removed;
  }
  return setEntries(domain, gfn, mfn, 0, 1, TYPE.map_foreign, ACCESS_RWX);
}
