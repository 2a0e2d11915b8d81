import type { Mfn } from "../address.ts";
import { keepArena, takeArena } from "./arenas.ts";
import { type FrameReader, WORDS } from "./memory.ts";

/** The smallest arena; a memory's is doubled when it is full, so that small models stay cheap. */
const FIRST_FRAMES = 16;

/** 8 GiB: what 32 bits can number of an arena's words. */
const MOST_FRAMES = 2 ** 21;

/** What a frame holds, as long as nobody has looked: it is filled in when somebody does. */
export interface Description {
  /** Frames that `fill` may allocate, at most. */
  readonly allocates: number;
  /** Fill in all 512 entries of the frame, which begin at a place of the arena. */
  fill(arena: Uint32Array, first: number): void;
}

/** Neighbouring frames that stand as descriptions, made one by one when asked for. */
export interface DescribedRun {
  /** What the frame `first + i` stands for is `at(i)`. */
  readonly first: Mfn;
  readonly at: (i: number) => Description;
  /** What is left of it: from, and up to but not including. Its ends may be freed. */
  from: Mfn;
  end: Mfn;
  /**
   * By frame, once one has left the run: 0 for those that have not, else one more than the index that it has in memory, or
   * GONE for one that was freed or described anew.
   */
  places: Int32Array | null;
  /** Frames between from and end that have left. */
  left: number;
}

const GONE = -1;

/** Runs stand this far above the base, so that a single frame's number is its place in an array. */
const RUNS_AT = 2 ** 28;

/**
 * Memory that page tables are allocated in. Single frames are numbered upwards from `base`; the one freed last is handed
 * out again first. Runs of described frames have numbers further up that are never used again, so that a run costs the
 * same however long it is. All that hold words lie in one array: a single frame at its index; one of a run that somebody
 * has looked at at an index that no single frame has.
 */
export class SimulatedMemory implements FrameReader {
  readonly base: number;
  /** Its bits 39:20 and 19:0. */
  readonly baseHi: number;
  readonly baseLo: number;
  /**
   * What frames hold, at `locate`'s places, which stay. Another array once it had to grow: to be read anew after anything
   * that may allocate.
   */
  arena: Uint32Array = new Uint32Array(0);
  /**
   * By index, 1 for a single frame that holds words, and is not free or only described: those have zeros in the arena, so that
   * nothing can be read from them by mistake. Replaced with the arena.
   */
  holds: Uint8Array = new Uint8Array(0);
  /** Indices that were ever handed out, and those to be handed out again. */
  #indices = 0;
  #freeIndices: number[] = [];
  /** Single frames that stand as descriptions, and frames that left their run as one. */
  #described = new Map<number, Description>();
  /** In ascending order. */
  #runs: DescribedRun[] = [];
  #nextRun: number;
  /** Frames of runs that somebody has looked at. */
  #realOfRuns = 0;
  #isGivenBack = false;

  /** @param base first frame number that is handed out; choose one that no RAM or BAR of the scenario uses. */
  constructor(base: Mfn) {
    this.base = base;
    this.baseHi = Math.floor(base / 2 ** 20);
    this.baseLo = base % 2 ** 20;
    this.#nextRun = base + RUNS_AT;
  }

  /** Number of frames that are handed out and not freed. */
  get allocated(): number {
    let count = this.#indices - this.#freeIndices.length;
    for (const run of this.#runs) count += run.end - run.from - run.left;
    for (const mfn of this.#described.keys()) if (mfn >= this.base + RUNS_AT) count++;
    return count;
  }

  /** Number of frames that hold words; the others stand as descriptions. */
  get real(): number {
    return this.holds.reduce((sum, one) => sum + one, 0) + this.#realOfRuns;
  }

  /** A zeroed frame. */
  allocate(): Mfn {
    const index = this.#takeIndex();
    this.#clear(index);
    this.holds[index] = 1;
    return (this.base + index) as Mfn;
  }

  #clear(index: number): void {
    this.arena.fill(0, index * WORDS, (index + 1) * WORDS);
  }

  /** A frame that stands as a description. */
  allocateDescribed(description: Description): Mfn {
    const index = this.#takeIndex();
    this.#clear(index);
    const mfn = (this.base + index) as Mfn;
    this.#described.set(mfn, description);
    return mfn;
  }

  #takeIndex(): number {
    const free = this.#freeIndices.pop();
    if (free !== undefined) return free;
    this.#makeRoom(1);
    return this.#indices++;
  }

  /** Let the arena have room for so many more frames. Throws RangeError when that is too much. */
  #makeRoom(frames: number): void {
    const least = this.#indices + frames;
    if (least * WORDS <= this.arena.length) return;
    if (least > MOST_FRAMES)
      throw new RangeError("more than 8 GiB of page tables, entry by entry: look at less of them at a time");
    let size = FIRST_FRAMES;
    while (size < least) size *= 2;
    const arena = takeArena(size);
    arena.set(this.arena.subarray(0, this.#indices * WORDS));
    const holds = new Uint8Array(arena.length / WORDS);
    holds.set(this.holds.subarray(0, this.#indices));
    this.arena = arena;
    this.holds = holds;
  }

  /** `count` neighbouring frames that stand as descriptions. Returns the first. */
  allocateDescribedRun(count: number, at: (i: number) => Description): Mfn {
    const first = this.#nextRun as Mfn;
    this.#nextRun += count;
    this.#runs.push({ first, at, from: first, end: (first + count) as Mfn, places: null, left: 0 });
    return first;
  }

  /** What a frame stands for, if nobody has looked at it yet. */
  description(mfn: Mfn): Description | undefined {
    const run = this.describedRun(mfn);
    return run ? run.at(mfn - run.first) : this.#described.get(mfn);
  }

  /** The run of descriptions that a frame belongs to. */
  describedRun(mfn: Mfn): DescribedRun | undefined {
    const run = this.#runAt(mfn);
    return run && (run.places === null || run.places[mfn - run.first] === 0) ? run : undefined;
  }

  /** The run that a frame belongs to, or did before it left. */
  #runAt(mfn: Mfn): DescribedRun | undefined {
    if (mfn < this.base + RUNS_AT) return undefined;
    const run = this.#runs[this.#runIndex(mfn)];
    return run && run.from <= mfn && mfn < run.end ? run : undefined;
  }

  /** Take note of where a frame of a run is. */
  #place(run: DescribedRun, mfn: Mfn, place: number): void {
    run.places ??= new Int32Array(run.end - run.first);
    if (run.places[mfn - run.first] === 0) run.left++;
    run.places[mfn - run.first] = place;
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
    const run = this.#runAt(mfn);
    const place = run?.places?.[mfn - run.first] ?? 0;
    if (run && place !== GONE) {
      this.#place(run, mfn, GONE);
      if (place > 0) {
        this.#realOfRuns--;
        this.#freeIndices.push(place - 1);
      }
      return;
    }
    const index = mfn - this.base;
    if (this.holds[index] !== 1) throw new RangeError(`frame 0x${mfn.toString(16)} is not allocated`);
    this.holds[index] = 0;
    this.#clear(index);
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
    for (let mfn = first; run.left > 0 && mfn < end; mfn++)
      if (run.places?.[mfn - run.first] !== 0) {
        this.#giveUp(mfn);
        run.left--;
      }
    if (run.from === first) run.from = end;
    else run.end = first;
    if (run.from === run.end) this.#runs.splice(this.#runIndex(run.first), 1);
  }

  /** Give up all frames, for a memory that nobody looks at again: others use what it held. Reading it then throws RangeError. */
  giveBack(): void {
    keepArena(this.arena);
    this.arena = new Uint32Array(0);
    this.holds = new Uint8Array(0);
    this.#indices = 0;
    this.#freeIndices = [];
    this.#described.clear();
    this.#runs = [];
    this.#realOfRuns = 0;
    this.#isGivenBack = true;
  }

  /** The writable words of an allocated frame, good until the next allocation. Throws RangeError for any other frame. */
  words(mfn: Mfn): Uint32Array {
    const view = this.frame(mfn);
    if (!view) throw new RangeError(`frame 0x${mfn.toString(16)} is not allocated`);
    return view;
  }

  frame(mfn: Mfn): Uint32Array | undefined {
    const first = this.locate(mfn);
    return first < 0 ? undefined : this.arena.subarray(2 * first, 2 * first + WORDS);
  }

  /** Place in `arena` of a frame's first entry (two words each); -1 where nothing stands for the frame. */
  locate(mfn: Mfn): number {
    const index = mfn - this.base;
    return index >= 0 && index < this.#indices && this.holds[index] === 1 ? index << 9 : this.#locateOther(mfn);
  }

  /** The same for a frame of a run, and for one that stands as a description, which it is from now on no more. */
  #locateOther(mfn: Mfn): number {
    if (this.#isGivenBack)
      throw new RangeError("this memory was given back: only counts are left of what was simulated");
    const run = this.#runAt(mfn);
    const place = run?.places?.[mfn - run.first] ?? 0;
    if (place > 0) return (place - 1) << 9;
    const description = run && place === 0 ? run.at(mfn - run.first) : this.#described.get(mfn);
    if (!description) return -1;
    this.#described.delete(mfn);
    const index = run ? this.#takeIndex() : mfn - this.base;
    if (run) {
      this.#place(run, mfn, index + 1);
      this.#realOfRuns++;
    } else this.holds[index] = 1;
    // What is being filled must not move.
    this.#makeRoom(description.allocates);
    description.fill(this.arena, index << 9);
    return index << 9;
  }
}
