/** Who sends: patients' messages in their order, over some connections, until each is answered for good. */
import { setTimeout as wait } from 'node:timers/promises';
import { acknowledgmentCode } from '../../src/cli/demo/play.ts';
import { connectMllp, type MllpClient } from '../../src/feed/mllp-client.ts';
import { parseAddress } from '../../src/ops/address.ts';
import { hospitalTraffic, seeded } from '../e2e/hospital-traffic.ts';
import { sha256, type Ledger, type Planned } from './ledger.ts';

/** One patient's messages: `first` at once, `then` one after another. */
export interface PlannedStream {
  readonly first: readonly Planned[];
  readonly then: readonly Planned[];
}

export interface TrafficSize {
  readonly seed: number;
  readonly patients: number;
  readonly messagesPerPatient: number;
}

/**
 * What may stand among the messages of a patient: one in a hundred refused, one in thirty with a used control id. Every fourth
 * patient comes under a provisional number, which is merged into the right one.
 */
export function planTraffic(size: TrafficSize): readonly PlannedStream[] {
  const random = seeded(size.seed + 1);
  return hospitalTraffic(size).map(({ first, then }, index) => ({
    first: first.map((text) => planned(text)),
    then: (index % 4 === 1 ? withMerge(then, random) : then).flatMap((text, at) => {
      const chance = random();
      const own = planned(text);
      if (chance < 0.03) return [own, planned(`${text}ZZZ|again\r`, { reuses: true })];
      if (chance < 0.04 || (index === 0 && at === 1)) return [own, poison(text, at)];
      return [own];
    }),
  }));
}

/** Some messages under a provisional number, the merge, and the rest. */
function withMerge(texts: readonly string[], random: () => number): readonly string[] {
  const at = 1 + Math.floor(random() * (texts.length - 1));
  const next = texts[at];
  if (next === undefined) return texts;
  const provisional = (text: string): string =>
    text.replace(/(\rPID\|[^|]*\|[^|]*\|)([^^|]*)/, '$1T$2');
  const [header = ''] = next.split('\r');
  const fields = header.split('|');
  const [mrn = ''] = (fields[9] ?? '').split('-');
  const time = fields[6] ?? '';
  const pid = /PID\|[^\r]*/.exec(next)?.[0] ?? '';
  const merge = [
    `MSH|^~\\&|EHR|NORTHGATE|WEIR|HUB|${time}||ADT^A40^ADT_A39|${mrn}-M|P|2.5.1`,
    `EVN|A40|${time}`,
    pid,
    `MRG|T${mrn}^^^NORTHGATE^MR`,
    '',
  ].join('\r');
  return [...texts.slice(0, at).map(provisional), merge, ...texts.slice(at)];
}

function planned(text: string, more: Partial<Planned> = {}): Planned {
  const bytes = Buffer.from(text);
  const controlId = text.split('|')[9] ?? '';
  return { controlId, bytes, hash: sha256(bytes), expects: 'taken', reuses: false, ...more };
}

/** By turns of a person that nobody can be, and of an event that no map takes. */
function poison(text: string, at: number): Planned {
  const fields = text.split('|');
  const own = fields.with(9, `${fields[9] ?? ''}-bad`).join('|');
  const bad =
    at % 2 === 0
      ? own.replace(/(\rPID\|[^|]*\|[^|]*\|)[^|]*/, '$1')
      : own.replace(/\|(ADT|ORU)\^[^|]*\|/, '|$1^Z99|');
  return planned(bad, { expects: 'refused' });
}

export interface Sending {
  readonly ledger: Ledger;
  /** Where to send to now; several where there are several processes. */
  readonly addresses: () => readonly string[];
  readonly seed: number;
  readonly connections: number;
  /** A message is sent up to so many times, and now and then one of before again. */
  readonly sendsMax: number;
  readonly timeoutMs: number;
}

/** Plays all streams, `connections` of them at a time; resolves when all is answered. */
export async function playTraffic(
  streams: readonly PlannedStream[],
  sending: Sending,
): Promise<void> {
  const waiting = streams.map((stream, index) => ({ stream, index }));
  const workers = Array.from({ length: sending.connections }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      await playStream(next.stream, sending, seeded(sending.seed + 1_000 + next.index));
    }
  });
  await Promise.all(workers);
}

async function playStream(
  { first, then }: PlannedStream,
  sending: Sending,
  random: () => number,
): Promise<void> {
  const atOnce = first.map(async (message) => {
    const own = new Sender(sending, random);
    await own.deliver(message);
    own.close();
  });
  await Promise.all(atOnce);
  const sender = new Sender(sending, random);
  for (const [at, message] of then.entries()) {
    const times = 1 + Math.floor(random() * sending.sendsMax);
    for (let time = 0; time < times; time += 1) await sender.deliver(message);
    const earlier = then[Math.floor(random() * (at + 1))];
    if (earlier && sending.sendsMax > 1 && random() < 0.3) await sender.deliver(earlier);
  }
  sender.close();
}

/** What a sender tries again: nothing came, or the answer says that another time may do. */
const passing = /storage-full|transient|shutting-down|timeout|write-conflict|exception|throttled/;

/** One connection, opened when it is needed and again when it is gone. */
class Sender {
  readonly #sending: Sending;
  readonly #random: () => number;
  #client: MllpClient | undefined;

  constructor(sending: Sending, random: () => number) {
    this.#sending = sending;
    this.#random = random;
  }

  /** Sends it until there is an answer that will not change. */
  async deliver(message: Planned): Promise<void> {
    while (!(await this.#try(message))) await wait(20 + this.#random() * 100);
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  async #try(message: Planned): Promise<boolean> {
    const { ledger } = this.#sending;
    try {
      this.#client ??= await this.#connect();
      ledger.sent(message);
      const answer = await this.#client.send(message.bytes);
      const code = acknowledgmentCode(answer);
      ledger.answered(message, code, answer);
      return code === 'AA' || !passing.test(Buffer.from(answer).toString());
    } catch {
      ledger.unanswered(message);
      this.close();
      return false;
    }
  }

  async #connect(): Promise<MllpClient> {
    const { addresses, timeoutMs } = this.#sending;
    const all = addresses();
    const address = all[Math.floor(this.#random() * all.length)] ?? '';
    if (address === '') throw new Error('Nobody listens');
    return connectMllp({ ...parseAddress(address), timeoutMs });
  }
}
