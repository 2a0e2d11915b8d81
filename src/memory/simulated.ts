import type { Mfn } from "../address.ts";
import { type FrameReader, WORDS } from "./memory.ts";

const SLAB_FRAMES = 512;

/**
 * Memory that page tables are allocated in. Frames are numbered upwards from `base`; the frame freed last is handed out
 * again first. Backed by 2 MiB slabs that are made on demand, one typed-array view a frame.
 */
export class SimulatedMemory implements FrameReader {
  readonly base: number;
  /** By index; undefined while a frame is free, so that a stale pointer is found out. */
  #views: (Uint32Array | undefined)[] = [];
  #freeIndices: number[] = [];
  #freeViews: Uint32Array[] = [];
  #slab = new Uint32Array(0);
  #slabUsed = SLAB_FRAMES;

  /** @param base first frame number that is handed out; choose one that no RAM or BAR of the scenario uses. */
  constructor(base: Mfn) {
    this.base = base;
  }

  /** Number of frames that are handed out and not freed. */
  get allocated(): number {
    return this.#views.length - this.#freeIndices.length;
  }

  /** A zeroed frame. */
  allocate(): Mfn {
    const index = this.#freeIndices.pop() ?? this.#views.length;
    this.#views[index] = this.#freeViews.pop()?.fill(0) ?? this.#newView();
    return (this.base + index) as Mfn;
  }

  /** Throws RangeError for a frame that is not allocated. */
  free(mfn: Mfn): void {
    this.#freeViews.push(this.words(mfn));
    this.#freeIndices.push(mfn - this.base);
    this.#views[mfn - this.base] = undefined;
  }

  /** The writable words of an allocated frame. Throws RangeError for any other frame. */
  words(mfn: Mfn): Uint32Array {
    const view = this.#views[mfn - this.base];
    if (!view) throw new RangeError(`frame 0x${mfn.toString(16)} is not allocated`);
    return view;
  }

  frame(mfn: Mfn): Uint32Array | undefined {
    return this.#views[mfn - this.base];
  }

  #newView(): Uint32Array {
    if (this.#slabUsed === SLAB_FRAMES) {
      this.#slab = new Uint32Array(SLAB_FRAMES * WORDS);
      this.#slabUsed = 0;
    }
    const at = this.#slabUsed++ * WORDS;
    return this.#slab.subarray(at, at + WORDS);
  }
}
