/**
 * Does some work now and then; a time that comes while it is still under way is passed over. Gives what ends it, after
 * what is under way: the signal tells that to stop as soon as it can.
 */
export function every(
  ms: number,
  work: (stopping: AbortSignal) => Promise<void>,
  failed: (error: unknown) => void,
): () => Promise<void> {
  const stopping = new AbortController();
  let underWay: Promise<void> | undefined;
  const timer = setInterval(() => {
    underWay ??= work(stopping.signal)
      .catch(failed)
      .finally(() => (underWay = undefined));
  }, ms);
  return async () => {
    clearInterval(timer);
    stopping.abort();
    await underWay;
  };
}
