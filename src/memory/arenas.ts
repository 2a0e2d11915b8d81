import { WORDS } from "./memory.ts";

/**
 * Arenas of memories that nobody looks at again. What has been touched once is much cheaper to use again than fresh memory,
 * of which the system has to make every page.
 */
const used: Uint32Array[] = [];
/** 256 MiB, in words. */
const MOST_USED = 2 ** 26;

/** An array of at least so many frames, whatever it holds. */
export function takeArena(frames: number): Uint32Array {
  const i = used.findIndex(({ length }) => length >= frames * WORDS);
  return i < 0 ? new Uint32Array(frames * WORDS) : used.splice(i, 1)[0]!;
}

/** For others to use, unless much is kept already. The caller looks at it no more. */
export function keepArena(arena: Uint32Array): void {
  const kept = used.reduce((sum, { length }) => sum + length, 0);
  if (arena.length > 0 && kept + arena.length <= MOST_USED) used.push(arena);
}
