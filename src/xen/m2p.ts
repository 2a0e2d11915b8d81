import type { Gfn, Mfn } from "../address.ts";

/** A stretch of machine frames that back consecutive guest frames. */
interface Stretch {
  readonly mfn: number;
  readonly gfn: number;
  readonly pages: number;
}

/**
 * Machine-to-physical words of a domain's RAM, kept as stretches: one look-up or update costs the number of stretches
 * that it touches, not of frames. Frames without a word are "invalid" (all bits set, xen-mapping.md 12.2).
 */
export class M2p {
  #stretches: Stretch[] = [];

  get stretches(): readonly Stretch[] {
    return this.#stretches;
  }

  /** The guest frame that a machine frame backs; undefined when its word is "invalid". */
  gfnOf(mfn: Mfn): Gfn | undefined {
    const found = this.#stretches.find((s) => s.mfn <= mfn && mfn < s.mfn + s.pages);
    return found && ((found.gfn + mfn - found.mfn) as Gfn);
  }

  set(mfn: Mfn, gfn: Gfn, pages: number): void {
    this.invalidate(mfn, pages);
    const last = this.#stretches[this.#stretches.length - 1];
    if (last && last.mfn + last.pages === mfn && last.gfn + last.pages === gfn)
      this.#stretches[this.#stretches.length - 1] = { mfn: last.mfn, gfn: last.gfn, pages: last.pages + pages };
    else this.#stretches.push({ mfn, gfn, pages });
  }

  invalidate(mfn: Mfn, pages: number): void {
    const end = mfn + pages;
    const touched = this.#stretches.some((s) => s.mfn < end && s.mfn + s.pages > mfn);
    if (!touched) return;
    this.#stretches = this.#stretches.flatMap((s) => {
      const stop = s.mfn + s.pages;
      if (stop <= mfn || s.mfn >= end) return [s];
      const rest: Stretch[] = [];
      if (s.mfn < mfn) rest.push({ ...s, pages: mfn - s.mfn });
      if (stop > end) rest.push({ mfn: end, gfn: s.gfn + end - s.mfn, pages: stop - end });
      return rest;
    });
  }
}
