/** A half-open stretch that claims addresses. */
export interface Claim {
  readonly from: number;
  readonly to: number;
}

/**
 * Claims that may overlap, as disjoint pieces in ascending order: where several claim an address, the one that comes
 * latest in the list has it. Each piece is its claim with `from` and `to` cut. Costs n log n.
 */
export function latestWins<T extends Claim>(claims: readonly T[]): T[] {
  const order = claims.map((_, i) => i).filter((i) => claims[i]!.from < claims[i]!.to);
  order.sort((a, b) => claims[a]!.from - claims[b]!.from);
  /** Places in the list of the claims that may reach the current address; the latest at [0]. */
  const heap: number[] = [];
  const pieces: T[] = [];
  let address = 0;
  for (let next = 0; next < order.length || heap.length > 0; ) {
    if (heap.length === 0) address = Math.max(address, claims[order[next]!]!.from);
    while (next < order.length && claims[order[next]!]!.from <= address) push(heap, order[next++]!);
    const top = claims[heap[0]!]!;
    if (top.to <= address) {
      pop(heap);
      continue;
    }
    const to = Math.min(top.to, next < order.length ? claims[order[next]!]!.from : top.to);
    const last = pieces.at(-1);
    // The same claim goes on where one that it hides began.
    if (last && last.to === address && continues(last, top)) pieces[pieces.length - 1] = { ...last, to };
    else pieces.push({ ...top, from: address, to });
    address = to;
  }
  return pieces;
}

/** Whether two pieces are of one claim: all but their ends is the same. */
function continues<T extends Claim>(a: T, b: T): boolean {
  for (const key of Object.keys(a) as (keyof T)[])
    if (key !== "from" && key !== "to" && a[key] !== b[key]) return false;
  return true;
}

function push(heap: number[], value: number): void {
  let i = heap.push(value) - 1;
  for (let up = (i - 1) >> 1; i > 0 && heap[up]! < value; up = (i - 1) >> 1) {
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
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! > heap[child]!) child++;
    if (heap[child]! <= value) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = value;
}
