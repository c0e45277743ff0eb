import type { Duplex } from 'node:stream';
import { limits } from '../limits.ts';

/**
 * Ends a connection with some last bytes. Whoever goes on sending, or does not read them, would keep an end that is closed
 * on our side only: after a while it is closed for good.
 */
export function endForGood(socket: Duplex, text: string): void {
  socket.on('error', () => undefined);
  socket.end(text);
  setTimeout(() => socket.destroy(), limits.httpLingerMs).unref();
}
