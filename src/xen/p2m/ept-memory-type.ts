import { pagesOf } from "../../address.ts";
import { isGrantOrForeign, type P2mType, TYPE } from "../constants.ts";
import { type Domain, hasIoPermission, usesIommu } from "../domain.ts";

/** EPT memory-type field values. */
export const EMT_UC = 0;
export const EMT_WB = 6;
/** Reserved for the hardware: Xen's "recompute me", and what a block with no uniform type gets. */
export const EMT_RECALC = 7;

/** Memory type of a block: EMT in bits 2:0, IPAT in bit 3; NOT_UNIFORM when its frames differ. */
export const IPAT = 8;
export const NOT_UNIFORM = -1;

/**
 * Effective memory type of `n` like blocks of direct MMIO, RAM or foreign frames (xen-mapping.md 5.4). The steps are
 * ordered; the first that applies decides.
 */
export function effectiveMemoryType(domain: Domain, mfn: number, order: number, n: number, type: P2mType): number {
  const { machine, ledger } = domain;
  const { release } = machine;
  const pages = pagesOf(order);
  ledger.emtComputations += n;
  if (machine.mmioRo.overlaps(mfn, pages))
    return order === 0 || machine.mmioRo.contains(mfn, pages) ? EMT_UC | IPAT : NOT_UNIFORM;
  const unused = !usesIommu(domain) && !hasIoPermission(domain);
  if (!release.emtSpecialPagesBeforeMmio) {
    if (type === TYPE.mmio_direct) return EMT_UC;
    if (!machine.ram.has(mfn)) return EMT_UC | IPAT;
    if (unused) return EMT_WB | IPAT;
    if (release.emtSpecialPagesWb) {
      const special = specialPages(domain, mfn, pages, n, false);
      if (special > 0) return order === 0 ? EMT_WB | IPAT : NOT_UNIFORM;
    }
    return guestType(domain);
  }
  if (!release.emtIgnoresMfnValid && !machine.ram.has(mfn)) return EMT_UC | IPAT;
  if (type !== TYPE.mmio_direct && unused) return EMT_WB | IPAT;
  const special = specialPages(domain, mfn, pages, n, release.emtCountsSpecialPages);
  if (special > 0) {
    const whole = release.emtCountsSpecialPages ? special === pages : order === 0;
    return whole ? EMT_WB | IPAT : NOT_UNIFORM;
  }
  if (type === TYPE.mmio_direct) return EMT_UC;
  if (release.emtForeignWb && isGrantOrForeign(type)) return EMT_WB | IPAT;
  return guestType(domain);
}

/**
 * Special pages of a block; books the frames tested: all of them where the release counts, else up to the first special
 * one (10.5: what a large BAR costs from 4.17.5, 4.18.3 and 4.19 on).
 */
function specialPages(domain: Domain, mfn: number, pages: number, n: number, countsAll: boolean): number {
  const { special } = domain.machine;
  const first = special.nextFrom(mfn);
  const tested = countsAll || first >= mfn + pages ? pages : first - mfn + 1;
  domain.ledger.specialPageTests += n * tested;
  return special.countIn(mfn, pages);
}

/** Guest MTRR and host MTRR combined for RAM: the host's RAM is WB; a new vCPU's MTRRs are disabled, which is UC. */
const guestType = (domain: Domain): number => (domain.mtrrsSet || domain.vcpus === 0 ? EMT_WB : EMT_UC);
