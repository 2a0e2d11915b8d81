import type { Mfn } from "../address.ts";
import { type FrameReader, WORDS } from "./memory.ts";

/** The first slab and the largest; each is twice the one before, so that small models stay cheap. */
const FIRST_SLAB_FRAMES = 16;
const SLAB_FRAMES = 512;

/** What a frame holds, as long as nobody has looked: it is filled in when somebody does. */
export interface Description {
  /** Fill in the frame's words, which are zero. */
  fill(words: Uint32Array): void;
}

/** Neighbouring frames that stand as descriptions, made one by one when asked for. */
export interface DescribedRun {
  readonly first: Mfn;
  readonly count: number;
  readonly at: (i: number) => Description;
  /** Frames of it that were looked at or freed: they are no longer part of it. */
  readonly left: Set<number>;
}

/**
 * Memory that page tables are allocated in. Frames are numbered upwards from `base`; the frame freed last is handed out
 * again first. Backed by slabs of up to 2 MiB that are made on demand, one typed-array view a frame.
 */
export class SimulatedMemory implements FrameReader {
  readonly base: number;
  /** By index; undefined while a frame is free or only described, so that a stale pointer is found out. */
  #views: (Uint32Array | undefined)[] = [];
  #freeIndices: number[] = [];
  #freeViews: Uint32Array[] = [];
  #described = new Map<number, Description>();
  /** In ascending order. */
  #runs: DescribedRun[] = [];
  #slab = new Uint32Array(0);
  #slabFrames = FIRST_SLAB_FRAMES / 2;
  #slabUsed = FIRST_SLAB_FRAMES / 2;

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
    this.#views[index] = this.#zeroedView();
    return (this.base + index) as Mfn;
  }

  /** A frame that stands as a description. */
  allocateDescribed(description: Description): Mfn {
    const index = this.#freeIndices.pop() ?? this.#views.length;
    this.#views[index] = undefined;
    this.#described.set(index, description);
    return (this.base + index) as Mfn;
  }

  /** `count` neighbouring frames that stand as descriptions. Returns the first. */
  allocateDescribedRun(count: number, at: (i: number) => Description): Mfn {
    const first = (this.base + this.#views.length) as Mfn;
    this.#views.length += count;
    this.#runs.push({ first, count, at, left: new Set() });
    return first;
  }

  /** What a frame stands for, if nobody has looked at it yet. */
  description(mfn: Mfn): Description | undefined {
    const run = this.describedRun(mfn);
    return run ? run.at(mfn - run.first) : this.#described.get(mfn - this.base);
  }

  /** The run of descriptions that a frame belongs to. */
  describedRun(mfn: Mfn): DescribedRun | undefined {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#runs[middle]!.first <= mfn) low = middle + 1;
      else high = middle;
    }
    const run = this.#runs[low - 1];
    return run && mfn < run.first + run.count && !run.left.has(mfn) ? run : undefined;
  }

  /** Replace a frame's content by a description of it. */
  describe(mfn: Mfn, description: Description): void {
    const index = mfn - this.base;
    const view = this.#views[index];
    if (view) this.#freeViews.push(view);
    this.#views[index] = undefined;
    this.describedRun(mfn)?.left.add(mfn);
    this.#described.set(index, description);
  }

  /** Throws RangeError for a frame that is not allocated. */
  free(mfn: Mfn): void {
    const index = mfn - this.base;
    const run = this.describedRun(mfn);
    if (run) run.left.add(mfn);
    else if (!this.#described.delete(index)) {
      this.#freeViews.push(this.words(mfn));
      this.#views[index] = undefined;
    }
    this.#freeIndices.push(index);
  }

  /** Free `count` neighbouring frames. Throws RangeError when one is not allocated. */
  freeRun(first: Mfn, count: number): void {
    const run = this.describedRun(first);
    if (!run || run.first !== first || run.count !== count || run.left.size > 0) {
      for (let i = 0; i < count; i++) this.free((first + i) as Mfn);
      return;
    }
    this.#runs.splice(this.#runs.indexOf(run), 1);
    // Pushed downwards, so that they are handed out again upwards.
    for (let i = count - 1; i >= 0; i--) this.#freeIndices.push(first + i - this.base);
  }

  /** The writable words of an allocated frame. Throws RangeError for any other frame. */
  words(mfn: Mfn): Uint32Array {
    const view = this.frame(mfn);
    if (!view) throw new RangeError(`frame 0x${mfn.toString(16)} is not allocated`);
    return view;
  }

  frame(mfn: Mfn): Uint32Array | undefined {
    return this.#views[mfn - this.base] ?? this.#makeReal(mfn);
  }

  #makeReal(mfn: Mfn): Uint32Array | undefined {
    const description = this.description(mfn);
    if (!description) return undefined;
    const index = mfn - this.base;
    if (!this.#described.delete(index)) this.describedRun(mfn)?.left.add(mfn);
    const view = this.#zeroedView();
    this.#views[index] = view;
    description.fill(view);
    return view;
  }

  #zeroedView(): Uint32Array {
    return this.#freeViews.pop()?.fill(0) ?? this.#newView();
  }

  #newView(): Uint32Array {
    if (this.#slabUsed === this.#slabFrames) {
      this.#slabFrames = Math.min(SLAB_FRAMES, 2 * this.#slabFrames);
      this.#slab = new Uint32Array(this.#slabFrames * WORDS);
      this.#slabUsed = 0;
    }
    const at = this.#slabUsed++ * WORDS;
    return this.#slab.subarray(at, at + WORDS);
  }
}
