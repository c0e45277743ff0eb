import { isIP } from 'node:net';
import { OutcomeError } from '../../fhir/issue.ts';
import { present } from '../../hl7v2/present.ts';
import { limits } from '../../limits.ts';
import { connectMllp, type MllpClient } from '../mllp-client.ts';
import type { Destination } from './destination.ts';
import type { Sent } from './outcome.ts';
import { verdictOf } from './verdict.ts';

/**
 * The connection to a destination: opened when there is something to send, and kept. Whatever leaves a doubt
 * about what the next bytes on it would mean ends it.
 */
export class Line {
  readonly #destination: Destination;
  #client: MllpClient | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(destination: Destination) {
    this.#destination = destination;
  }

  /** Sends a message and waits for what settles it; never rejects for what the receiver does. */
  async send(bytes: Uint8Array, controlId: string): Promise<Sent> {
    clearTimeout(this.#idleTimer);
    const asked = { controlId, ack: this.#destination.ack };
    let isCommitted = false;
    const isLast = (answer: Uint8Array): boolean => {
      const { kind } = verdictOf(answer, asked);
      isCommitted ||= kind === 'more';
      return kind !== 'more';
    };
    try {
      const client = await this.#open();
      const verdict = verdictOf(await client.send(bytes, isLast), asked);
      if (verdict.kind === 'foreign') this.close();
      else this.#closeWhenIdle();
      return verdict;
    } catch (error) {
      this.close();
      if (!(error instanceof OutcomeError)) throw error;
      if (!isCommitted) return { kind: 'unknown', text: error.message };
      return { kind: 'error', code: 'CA', text: `CA came, then: ${error.message}` };
    }
  }

  close(): void {
    clearTimeout(this.#idleTimer);
    this.#client?.close();
    this.#client = undefined;
  }

  async #open(): Promise<MllpClient> {
    if (this.#client?.isOpen === true) return this.#client;
    const { host, port, tls, connectTimeoutMs, answerTimeoutMs } = this.#destination;
    const serverName = tls?.serverName ?? (isIP(host) === 0 ? host : undefined);
    const own = tls && { ...tls, ...present({ serverName }) };
    const timeouts = { connectTimeoutMs, timeoutMs: answerTimeoutMs };
    this.#client = await connectMllp({ host, port, ...timeouts, ...present({ tls: own }) });
    return this.#client;
  }

  #closeWhenIdle(): void {
    this.#idleTimer = setTimeout(() => this.close(), limits.destinationIdleMs);
    this.#idleTimer.unref();
  }
}
