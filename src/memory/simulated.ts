import type { Mfn } from "../address.ts";
import { type FrameReader, WORDS } from "./memory.ts";

const SLAB_FRAMES = 512;

/**
 * Memory that page tables are allocated in. Frames are numbered upwards from `base`; a freed frame is handed out again
 * first. Backed by 2 MiB slabs that are made on demand, one typed-array view a frame.
 */
export class SimulatedMemory implements FrameReader {
  readonly base: number;
  #views: (Uint32Array | undefined)[] = [];
  #free: number[] = [];
  #slab = new Uint32Array(0);
  #slabUsed = SLAB_FRAMES;

  /** @param base first frame number that is handed out; choose one that no RAM or BAR of the scenario uses. */
  constructor(base: Mfn) {
    this.base = base;
  }

  /** A zeroed frame. */
  allocate(): Mfn {
    const index = this.#free.pop() ?? this.#views.length;
    const known = this.#views[index];
    if (known) known.fill(0);
    else this.#views[index] = this.#newView();
    return (this.base + index) as Mfn;
  }

  free(mfn: Mfn): void {
    this.#free.push(mfn - this.base);
  }

  /** The writable words of an allocated frame. */
  words(mfn: Mfn): Uint32Array {
    return this.#views[mfn - this.base]!;
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
