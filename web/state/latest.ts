/** Answers to questions that come faster than they are answered: of those that wait only the newest is asked. */
export function latest<Q, A>(
  ask: (question: Q) => Promise<A>,
  take: (answer: A) => void,
  failed: (error: Error) => void = () => {},
): (question: Q) => void {
  let busy = false;
  let next: { readonly question: Q } | null = null;
  const run = async (question: Q): Promise<void> => {
    busy = true;
    try {
      const answer = await ask(question);
      if (next === null) take(answer);
    } catch (error) {
      if (next === null) failed(error as Error);
    }
    busy = false;
    if (next === null) return;
    const waiting = next.question;
    next = null;
    void run(waiting);
  };
  return (question) => {
    if (busy) next = { question };
    else void run(question);
  };
}
