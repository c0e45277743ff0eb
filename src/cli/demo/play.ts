import { setTimeout as wait } from 'node:timers/promises';
import { connectMllp } from '../../feed/mllp-client.ts';
import type { MllpClient } from '../../feed/mllp-client.ts';
import type { DemoFrame } from './scenario.ts';

/** How many frames of each sender were answered with which code; a frame without an answer counts as `none`. */
export type Answers = ReadonlyMap<string, ReadonlyMap<string, number>>;

export interface PlayOptions {
  readonly frames: readonly DemoFrame[];
  /** Where MLLP listens. */
  readonly host: string;
  readonly port: number;
  /** Time between frames, so that a person can watch. */
  readonly pauseMs: number;
  readonly onFrame: (done: number, label: string) => void;
}

const answerTimeoutMs = 15_000;

/** Plays the frames in their order, each sender over a connection of its own. */
export async function play(options: PlayOptions): Promise<Answers> {
  const { frames, host, port } = options;
  const clients = new Map<string, MllpClient>();
  const answers = new Map<string, Map<string, number>>();
  try {
    for (const [index, { sender, bytes }] of frames.entries()) {
      let client = clients.get(sender);
      if (client === undefined) {
        client = await connectMllp({ host, port, timeoutMs: answerTimeoutMs });
        clients.set(sender, client);
      }
      const code = acknowledgmentCode(await client.send(bytes));
      const counts = answers.get(sender) ?? new Map<string, number>();
      answers.set(sender, counts.set(code, (counts.get(code) ?? 0) + 1));
      options.onFrame(index + 1, sender);
      if (options.pauseMs > 0) await wait(options.pauseMs);
    }
  } finally {
    for (const client of clients.values()) client.close();
  }
  return answers;
}

/** MSA-1; `none` where the answer has no MSA. */
export function acknowledgmentCode(ack: Uint8Array): string {
  return /(?:^|\r)MSA.(\w\w)/.exec(Buffer.from(ack).toString('latin1'))?.[1] ?? 'none';
}
