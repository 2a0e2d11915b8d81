/** An input that cannot be opened. The message says what, where, and what to do. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** The value, or an InputError in place of a sentence. */
export function orThrow<T extends object>(answer: T | string): T {
  if (typeof answer === "string") throw new InputError(answer);
  return answer;
}
