import { type Gfn, type Mfn, pagesOf } from "../address.ts";
import { ACCESS_RWX, type Access, ERRNO, LOOP_BUDGET } from "./constants.ts";
import { type Domain, isTranslated, note } from "./domain.ts";
import { mmioOrder, type OrderDecision } from "./order.ts";
import { type BlockResult, installMmio, removeMmio } from "./p2m/install.ts";
import type { ReasonCode } from "./reasons.ts";

type PerBlock = (domain: Domain, gfn: number, mfn: number, order: number, limit: number) => BlockResult;

/**
 * The loop that maps and its twin that unmaps share (xen-mapping.md 2.1): at most 64 iterations of whatever order.
 * Returns 0 when all is done, else the pages done when there are any, else the negative error.
 */
function loop(domain: Domain, gfn: number, pages: number, mfn: number, perBlock: PerBlock, explain: boolean): number {
  const { ledger, machine } = domain;
  if (!isTranslated(domain)) return machine.release.loopRefusesPv ? ERRNO.EOPNOTSUPP : 0;
  let done = 0;
  let budget = LOOP_BUDGET;
  let rc = 0;
  while (done < pages && budget > 0) {
    const at = gfn + done;
    const to = mfn + done;
    const left = pages - done;
    const decision = mmioOrder(domain, at, to, left);
    let { order } = decision;
    let lowered: ReasonCode | null = null;
    let outcome: BlockResult;
    for (;;) {
      outcome = perBlock(domain, at, to, order, Math.min(budget, Math.floor(left / pagesOf(order))));
      if (outcome.rc <= 0) break;
      // Rc 1 comes from read-only frames before anything is looked at, or from a table of 4 KiB entries.
      lowered = machine.mmioRo.overlaps(to, pagesOf(order)) && explain ? "read-only-frames" : "lower-table-present";
      order = outcome.rc - 1;
      ledger.retries++;
    }
    rc = outcome.rc;
    if (rc < 0) {
      ledger.orderDecisions++;
      break;
    }
    ledger.orderDecisions += outcome.blocks;
    ledger.iterations += outcome.blocks;
    if (explain) explainBlocks(domain, at, to, order, outcome.blocks, decision, lowered);
    budget -= outcome.blocks;
    done += outcome.blocks * pagesOf(order);
  }
  if (done === pages) return 0;
  return done > 0 ? done : rc;
}

/** Note why these blocks have their order; pages of a demoted 2 MiB region all share its reason. */
function explainBlocks(
  domain: Domain,
  gfn: number,
  mfn: number,
  order: number,
  blocks: number,
  decision: OrderDecision,
  lowered: ReasonCode | null,
): void {
  const pages = blocks * pagesOf(order);
  if (lowered) domain.demotion = { next: gfn, until: gfn + pagesOf(decision.order), because: lowered };
  // Only what goes on from there shares the reason: a later mapping into the same region has its own.
  if (domain.demotion?.next !== gfn || gfn >= domain.demotion.until) domain.demotion = null;
  note(domain, gfn as Gfn, mfn as Mfn, pages, order, domain.demotion?.because ?? decision.because);
  if (domain.demotion) domain.demotion.next = gfn + pages;
}

/** Map MMIO frames: 0, the positive number of frames done, or a negative error. */
export const mapMmioRegions = (
  domain: Domain,
  gfn: Gfn,
  pages: number,
  mfn: Mfn,
  access: Access = ACCESS_RWX,
): number => loop(domain, gfn, pages, mfn, (d, g, m, order, limit) => installMmio(d, g, m, order, limit, access), true);

/** Unmap MMIO frames; `mfn` only takes part in choosing orders. Returns as `mapMmioRegions`. */
export const unmapMmioRegions = (domain: Domain, gfn: Gfn, pages: number, mfn: Mfn): number =>
  loop(domain, gfn, pages, mfn, removeMmio, false);
