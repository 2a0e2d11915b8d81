import { isAligned, pagesOf } from "../../address.ts";
import { EMPTY, frameField, LEAF, TABLE } from "../../format/format.ts";
import { store, storeRun, storeSame } from "../../radix/entries.ts";
import { newPosition, placeOf } from "../../radix/tree.ts";
import { type Access, ERRNO, GFN_LIMIT, type P2mType, TYPE } from "../constants.ts";
import type { Domain } from "../domain.ts";
import { mirror } from "../iommu/mirror.ts";
import { iommuRights } from "../rights.ts";
import { NONE, type P2mBackend } from "./backend.ts";
import { accessOf, compose, pointer, rightsOf, SUPPRESS_VE, splitAt, syncCpus, typeOf } from "./ept-entry.ts";
import { isMarkedOnWay, recalculate } from "./ept-marks.ts";
import { giveSubtree, takeTable } from "./pool.ts";

const at = newPosition();

/** Write `n` like blocks (xen-mapping.md 5.5). */
function write(
  domain: Domain,
  gfn: number,
  mfn: number,
  order: number,
  n: number,
  type: P2mType,
  access: Access,
): number {
  const { ledger, machine, p2m } = domain;
  const size = pagesOf(order);
  const level = order / 9 + 1;
  if (!isAligned(gfn, order) || (mfn !== NONE && !isAligned(mfn, order)) || gfn >= GFN_LIMIT || order % 9 !== 0) {
    ledger.setEntries++;
    return ERRNO.EINVAL;
  }
  const recalculated = recalculate(domain, gfn);
  let flush = false;
  let rc = recalculated;
  let place = -1;
  if (rc === 0)
    for (place = placeOf(p2m, gfn, level, at); place < 0; place = placeOf(p2m, gfn, level, at)) {
      if (at.kind === LEAF) {
        if (!splitAt(domain, at, level)) {
          rc = ERRNO.ENOMEM;
          break;
        }
        flush = true;
        continue;
      }
      const table = takeTable(domain);
      if (table === null) {
        rc = machine.release.eptNoTableIsEnomem ? ERRNO.ENOMEM : ERRNO.ENOENT;
        break;
      }
      const to = pointer(domain, table, at.level - 1);
      store(p2m.memory.arena, at.index, to.lo, to.hi);
      ledger.p2mPointers++;
    }
  if (rc !== 0) {
    ledger.setEntries++;
    ledger.recalcWalks++;
    // The flag that asks for a flush starts out set, so a failure half-way asks for one too (5.5 step 9).
    if (recalculated === 0) syncCpus(domain, 1);
    return rc;
  }
  ledger.setEntries += n;
  ledger.recalcWalks += n;
  ledger.p2mEntries += n;
  const { arena } = p2m.memory;
  const oldLo = arena[2 * place]!;
  const oldHi = arena[2 * place + 1]!;
  const kind = p2m.format.kindOf(oldLo, oldHi, level);
  const oldPresent = (oldLo & 7) !== 0;
  const oldRights = rightsOf(domain, oldLo, oldHi);
  const removing = mfn === NONE;
  const valid = kind !== EMPTY && typeOf(oldLo, oldHi) !== TYPE.invalid;
  const sve = valid ? oldHi & SUPPRESS_VE : SUPPRESS_VE;
  if (removing) storeSame(arena, place, n, 0, sve >>> 0);
  else {
    const first = compose(domain, mfn, order, n, type, access, sve);
    storeRun(arena, place, n, first.lo, first.hi, size * 4096);
  }
  if (type !== TYPE.invalid) domain.highestGfn = Math.max(domain.highestGfn, gfn + n * size - 1);
  if (oldPresent) syncCpus(domain, n);
  else if (flush) syncCpus(domain, 1);
  const rights = removing ? 0 : iommuRights(machine, type, access, mfn);
  const changes = removing || frameField(oldLo, oldHi) !== mfn || rights !== oldRights;
  if (changes) rc = mirror(domain, gfn, mfn, order, n, rights, oldPresent);
  if (kind === TABLE) giveSubtree(domain, oldLo, oldHi, level);
  return rc;
}

export const EPT_BACKEND: P2mBackend = { typeOf, accessOf, pointer, isMarkedOnWay, write };
