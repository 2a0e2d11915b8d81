import type { Ram } from "../../rig/ram.ts";
import type { Mfn } from "../../src/address.ts";
import { WORDS } from "../../src/memory/memory.ts";

/** A machine's memory for tests: frames that were written to, and zero frames up to `end`. */
export interface TestRam extends Ram {
  /** Writes a 64-bit word at a byte address. */
  put(address: number, value: bigint): void;
}

export function testRam(end: number): TestRam {
  const frames = new Map<number, Uint32Array>();
  const frame = (mfn: Mfn): Uint32Array | undefined => {
    if (mfn >= end) return undefined;
    const words = frames.get(mfn) ?? new Uint32Array(WORDS);
    frames.set(mfn, words);
    return words;
  };
  const writeWord = (mfn: Mfn, word: number, value: number): void => {
    frame(mfn)![word] = value;
  };
  return {
    end,
    ranges: [{ start: 0, end }],
    frame,
    writeWord,
    close() {
      frames.clear();
    },
    put(address, value) {
      const mfn = Math.floor(address / 4096) as Mfn;
      writeWord(mfn, (address % 4096) / 4, Number(value & 0xffffffffn));
      writeWord(mfn, (address % 4096) / 4 + 1, Number(value >> 32n));
    },
  };
}
