/** Events that map and unmap, as they came, and what is mapped in the end. */

/** [start, end) of input frames, and what an event leaves there; null where it leaves nothing. */
export interface Stroke<T> {
  readonly start: number;
  readonly end: number;
  readonly value: T | null;
}

/** A stretch that one stroke shows on. */
export interface Painted<T> {
  readonly start: number;
  readonly end: number;
  readonly value: T;
  /** Which stroke it is. */
  readonly index: number;
}

/** What shows of strokes painted in their order: the last one over each frame. Time n·log n for n strokes. */
export function paint<T>(strokes: readonly Stroke<T>[]): readonly Painted<T>[] {
  const byStart = strokes.map((_, i) => i).sort((a, b) => strokes[a]!.start - strokes[b]!.start);
  const edges = [...new Set(strokes.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  /** Strokes that have begun, the latest on top; those that have ended are dropped when they come up. */
  const heap: number[] = [];
  const painted: Painted<T>[] = [];
  let next = 0;
  edges.forEach((start, i) => {
    const end = edges[i + 1];
    while (next < byStart.length && strokes[byStart[next]!]!.start <= start) push(heap, byStart[next++]!);
    while (heap.length > 0 && strokes[heap[0]!]!.end <= start) pop(heap);
    const index = heap[0];
    const value = index === undefined ? null : strokes[index]!.value;
    if (end === undefined || index === undefined || value === null) return;
    const last = painted.at(-1);
    if (last && last.index === index && last.end === start) painted[painted.length - 1] = { ...last, end };
    else painted.push({ start, end, value, index });
  });
  return painted;
}

/** A heap with the largest number on top. */
function push(heap: number[], value: number): void {
  let i = heap.push(value) - 1;
  while (i > 0) {
    const up = (i - 1) >>> 1;
    if (heap[up]! >= value) break;
    heap[i] = heap[up]!;
    i = up;
  }
  heap[i] = value;
}

function pop(heap: number[]): void {
  const value = heap.pop()!;
  if (heap.length === 0) return;
  let i = 0;
  for (;;) {
    let down = 2 * i + 1;
    if (down + 1 < heap.length && heap[down + 1]! > heap[down]!) down++;
    if (down >= heap.length || heap[down]! <= value) break;
    heap[i] = heap[down]!;
    i = down;
  }
  heap[i] = value;
}
