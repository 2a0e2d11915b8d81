import type fc from "fast-check";
import type { Random } from "./mutate.ts";

/** What became of an input: understood, or refused with a sentence. Anything else is thrown. */
export type Verdict = "read" | "refused";

/** A reader of foreign bytes or text, and how inputs for it are made. */
export interface Target {
  readonly name: string;
  /** Makes one input by changing a sample, and reads it. Throws on what must not be. */
  readonly mutated: (random: Random) => Verdict;
  /** Inputs made from their structure, and what reads one. */
  readonly structured?: Structured<unknown>;
  /** Its share of all cases: cheap readers get more of them. */
  readonly weight: number;
}

export interface Structured<T> {
  readonly inputs: fc.Arbitrary<T>;
  readonly read: (input: T) => Verdict;
}

/** Throws unless a text is a sentence for people: some words, no endless line, nothing that a terminal obeys. */
export function expectSentence(text: unknown): void {
  if (typeof text !== "string" || text.length < 8 || text.length > 2000 || /\p{Cc}/u.test(text))
    throw new Error(`no sentence: ${JSON.stringify(text)?.slice(0, 200)}`);
}

/** What a call gives; or its refusal, of a kind that it may throw. */
export function refusal<T>(kinds: readonly (new (message: string) => Error)[], call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (!kinds.some((kind) => error instanceof kind)) throw error;
    expectSentence((error as Error).message);
    return null;
  }
}
