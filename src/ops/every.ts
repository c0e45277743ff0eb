/** Does some work now and then, one after another; gives what ends it, after what is under way. */
export function every(
  ms: number,
  work: () => Promise<void>,
  failed: (error: unknown) => void,
): () => Promise<void> {
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = last.then(work).catch(failed);
  }, ms);
  return async () => {
    clearInterval(timer);
    await last;
  };
}
