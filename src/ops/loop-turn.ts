/** Who waits for a turn of this thread's event loop, the first in front. */
const waiting: (() => void)[] = [];

/**
 * Resolves with a turn of the event loop of its own: between two of them everything that came in meanwhile is heard, and
 * answered. `setImmediate` alone lets all who wait go on in one turn, and whoever comes in waits for them together.
 */
export function loopTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) setImmediate(letOneGo);
  });
}

function letOneGo(): void {
  waiting[0]?.();
  waiting.shift();
  if (waiting.length > 0) setImmediate(letOneGo);
}
