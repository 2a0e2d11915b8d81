import { WORDS } from "./memory.js";
const SLAB_FRAMES = 512;
/**
 * Memory that page tables are allocated in. Frames are numbered upwards from `base`; the frame freed last is handed out
 * again first. Backed by 2 MiB slabs that are made on demand, one typed-array view a frame.
 */
export class SimulatedMemory {
    base;
    /** By index; undefined while a frame is free, so that a stale pointer is found out. */
    #views = [];
    #freeIndices = [];
    #freeViews = [];
    /** Frames that stand as descriptions, by index; they have no view. */
    #described = new Map();
    #slab = new Uint32Array(0);
    #slabUsed = SLAB_FRAMES;
    /** @param base first frame number that is handed out; choose one that no RAM or BAR of the scenario uses. */
    constructor(base) {
        this.base = base;
    }
    /** Number of frames that are handed out and not freed. */
    get allocated() {
        return this.#views.length - this.#freeIndices.length;
    }
    /** A zeroed frame. */
    allocate() {
        const index = this.#freeIndices.pop() ?? this.#views.length;
        this.#views[index] = this.#freeViews.pop()?.fill(0) ?? this.#newView();
        return (this.base + index);
    }
    /** A frame that stands as a description. */
    allocateDescribed(description) {
        const index = this.#freeIndices.pop() ?? this.#views.length;
        this.#views[index] = undefined;
        this.#described.set(index, description);
        return (this.base + index);
    }
    /** What a frame stands for, if nobody has looked at it yet. */
    description(mfn) {
        return this.#described.get(mfn - this.base);
    }
    /** Replace a frame's content by a description of it. */
    describe(mfn, description) {
        const view = this.#views[mfn - this.base];
        if (view)
            this.#freeViews.push(view);
        this.#views[mfn - this.base] = undefined;
        this.#described.set(mfn - this.base, description);
    }
    /** Throws RangeError for a frame that is not allocated. */
    free(mfn) {
        const index = mfn - this.base;
        if (!this.#described.delete(index))
            this.#freeViews.push(this.words(mfn));
        this.#freeIndices.push(index);
        this.#views[index] = undefined;
    }
    /** The writable words of an allocated frame. Throws RangeError for any other frame. */
    words(mfn) {
        const view = this.frame(mfn);
        if (!view)
            throw new RangeError(`frame 0x${mfn.toString(16)} is not allocated`);
        return view;
    }
    frame(mfn) {
        return this.#views[mfn - this.base] ?? this.#makeReal(mfn - this.base);
    }
    #makeReal(index) {
        const description = this.#described.get(index);
        if (!description)
            return undefined;
        this.#described.delete(index);
        const view = this.#freeViews.pop()?.fill(0) ?? this.#newView();
        this.#views[index] = view;
        description.fill(view);
        return view;
    }
    #newView() {
        if (this.#slabUsed === SLAB_FRAMES) {
            this.#slab = new Uint32Array(SLAB_FRAMES * WORDS);
            this.#slabUsed = 0;
        }
        const at = this.#slabUsed++ * WORDS;
        return this.#slab.subarray(at, at + WORDS);
    }
}
