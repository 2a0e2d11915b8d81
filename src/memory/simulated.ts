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
  /** What the frame `first + i` stands for is `at(i)`. */
  readonly first: Mfn;
  readonly at: (i: number) => Description;
  /** What is left of it: from, and up to but not including. Its ends may be freed. */
  from: Mfn;
  end: Mfn;
  /** Frames in between that were looked at, described anew or freed: they are no longer part of it. */
  readonly left: Set<number>;
}

/**
 * Views of frames that no memory holds any more. What has been touched once is much cheaper to use again than fresh memory,
 * of which the system has to make every page.
 */
const spares: Uint32Array[] = [];
const MOST_SPARES = 8192;
const spare = (view: Uint32Array): void => {
  if (spares.length < MOST_SPARES) spares.push(view);
};

/** Runs stand this far above the base, so that a single frame's number is its place in an array. */
const RUNS_AT = 2 ** 28;

/**
 * Memory that page tables are allocated in. Single frames are numbered upwards from `base`; the one freed last is handed
 * out again first. They are backed by slabs of up to 2 MiB that are made on demand, one typed-array view a frame. Runs of
 * described frames have numbers further up that are never used again, so that a run costs the same however long it is.
 */
export class SimulatedMemory implements FrameReader {
  readonly base: number;
  /** Single frames by index; undefined while a frame is free or only described, so that a stale pointer is found out. */
  #views: (Uint32Array | undefined)[] = [];
  #freeIndices: number[] = [];
  /** Single frames that stand as descriptions, and frames that left their run as one. */
  #described = new Map<number, Description>();
  /** In ascending order. */
  #runs: DescribedRun[] = [];
  #nextRun: number;
  /** Frames of runs that somebody has looked at. */
  #ofRuns = new Map<number, Uint32Array>();
  #isGivenBack = false;
  #slab = new Uint32Array(0);
  #slabFrames = FIRST_SLAB_FRAMES / 2;
  #slabUsed = FIRST_SLAB_FRAMES / 2;

  /** @param base first frame number that is handed out; choose one that no RAM or BAR of the scenario uses. */
  constructor(base: Mfn) {
    this.base = base;
    this.#nextRun = base + RUNS_AT;
  }

  /** Number of frames that are handed out and not freed. */
  get allocated(): number {
    let count = this.#views.length - this.#freeIndices.length + this.#ofRuns.size;
    for (const run of this.#runs) count += run.end - run.from - run.left.size;
    for (const mfn of this.#described.keys()) if (mfn >= this.base + RUNS_AT) count++;
    return count;
  }

  /** Number of frames that hold words; the others stand as descriptions. */
  get real(): number {
    return this.#views.filter((view) => view !== undefined).length + this.#ofRuns.size;
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
    const mfn = (this.base + index) as Mfn;
    this.#described.set(mfn, description);
    return mfn;
  }

  /** `count` neighbouring frames that stand as descriptions. Returns the first. */
  allocateDescribedRun(count: number, at: (i: number) => Description): Mfn {
    const first = this.#nextRun as Mfn;
    this.#nextRun += count;
    this.#runs.push({ first, at, from: first, end: (first + count) as Mfn, left: new Set() });
    return first;
  }

  /** What a frame stands for, if nobody has looked at it yet. */
  description(mfn: Mfn): Description | undefined {
    const run = this.describedRun(mfn);
    return run ? run.at(mfn - run.first) : this.#described.get(mfn);
  }

  /** The run of descriptions that a frame belongs to. */
  describedRun(mfn: Mfn): DescribedRun | undefined {
    if (mfn < this.base + RUNS_AT) return undefined;
    const run = this.#runs[this.#runIndex(mfn)];
    return run && run.from <= mfn && mfn < run.end && !run.left.has(mfn) ? run : undefined;
  }

  /** Index of the last run that begins at or before a frame; -1 where none does. */
  #runIndex(mfn: Mfn): number {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#runs[middle]!.first <= mfn) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Replace a frame's content by a description of it. */
  describe(mfn: Mfn, description: Description): void {
    this.#giveUp(mfn);
    this.#described.set(mfn, description);
  }

  /** Throws RangeError for a frame that is not allocated. */
  free(mfn: Mfn): void {
    this.#giveUp(mfn);
    if (mfn < this.base + RUNS_AT) this.#freeIndices.push(mfn - this.base);
  }

  /** Whatever stands for a frame goes. Throws RangeError when nothing does. */
  #giveUp(mfn: Mfn): void {
    if (this.#described.delete(mfn)) return;
    const run = this.describedRun(mfn);
    if (run) {
      run.left.add(mfn);
      return;
    }
    spare(this.words(mfn));
    if (!this.#ofRuns.delete(mfn)) this.#views[mfn - this.base] = undefined;
  }

  /** Free `count` neighbouring frames. Throws RangeError when one is not allocated. */
  freeRun(first: Mfn, count: number): void {
    const run = this.describedRun(first);
    const end = (first + count) as Mfn;
    const isEnd = run && (run.from === first ? end <= run.end : end === run.end);
    if (!isEnd) {
      for (let i = 0; i < count; i++) this.free((first + i) as Mfn);
      return;
    }
    // Those that left the run stand for themselves.
    for (const mfn of run.left)
      if (mfn >= first && mfn < end) {
        this.#giveUp(mfn as Mfn);
        run.left.delete(mfn);
      }
    if (run.from === first) run.from = end;
    else run.end = first;
    if (run.from === run.end) this.#runs.splice(this.#runIndex(run.first), 1);
  }

  /** Give up all frames, for a memory that nobody looks at again: others use what it held. Reading it then throws RangeError. */
  giveBack(): void {
    for (const view of this.#views) if (view) spare(view);
    for (const view of this.#ofRuns.values()) spare(view);
    this.#views = [];
    this.#freeIndices = [];
    this.#described.clear();
    this.#runs = [];
    this.#ofRuns.clear();
    this.#isGivenBack = true;
  }

  /** The writable words of an allocated frame. Throws RangeError for any other frame. */
  words(mfn: Mfn): Uint32Array {
    const view = this.frame(mfn);
    if (!view) throw new RangeError(`frame 0x${mfn.toString(16)} is not allocated`);
    return view;
  }

  frame(mfn: Mfn): Uint32Array | undefined {
    return this.#views[mfn - this.base] ?? this.#ofRuns.get(mfn) ?? this.#makeReal(mfn);
  }

  #makeReal(mfn: Mfn): Uint32Array | undefined {
    if (this.#isGivenBack)
      throw new RangeError("this memory was given back: only counts are left of what was simulated");
    const description = this.description(mfn);
    if (!description) return undefined;
    this.#giveUp(mfn);
    const view = this.#zeroedView();
    if (mfn < this.base + RUNS_AT) this.#views[mfn - this.base] = view;
    else this.#ofRuns.set(mfn, view);
    description.fill(view);
    return view;
  }

  #zeroedView(): Uint32Array {
    return spares.pop()?.fill(0) ?? this.#newView();
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
