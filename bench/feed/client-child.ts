/**
 * A sender in a process of its own: `node client-child.ts ADDRESS CONNECTIONS KIND FIRST COUNT PEOPLE SECONDS` sends up to COUNT
 * messages from the FIRST on, for so long, and says how it went as one JSON line.
 */
import { connect } from 'node:net';
import { parseAddress } from '../../src/ops/address.ts';
import { quantile } from '../store/sample.ts';
import { messageOf, type Kind } from './messages.ts';

/** How one run of a sender went. */
export interface ClientFigures {
  readonly perSecond: number;
  readonly answered: number;
  /** Answers by MSA-1. */
  readonly codes: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [address = '', ...numbers] = process.argv.slice(2);
const [connections = '1', kind = 'mixed', first = '0', count = '1', people = '1', seconds = '1'] =
  numbers;
const frameOf = (n: number): Buffer =>
  Buffer.concat([
    Buffer.from([0x0b]),
    messageOf(kind as Kind, Number(first) + n, Number(people)),
    Buffer.from([0x1c, 0x0d]),
  ]);
const times: number[] = [];
const codes: Record<string, number> = {};
let next = 0;
const begun = performance.now();
const end = begun + Number(seconds) * 1_000;
let last = begun;
await Promise.all(Array.from({ length: Number(connections) }, sendUntilTheEnd));
const figures: ClientFigures = {
  perSecond: (times.length / (last - begun)) * 1_000,
  answered: times.length,
  codes,
  p50Ms: quantile(times, 0.5),
  p99Ms: quantile(times, 0.99),
};
console.log(JSON.stringify(figures));

/** One message unanswered at a time, as MLLP wants it. */
function sendUntilTheEnd(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...parseAddress(address), noDelay: true });
    let sentAt = 0;
    let answer = '';
    const send = (): void => {
      if (performance.now() >= end || next >= Number(count)) {
        socket.destroy();
        resolve();
        return;
      }
      const frame = frameOf(next++);
      sentAt = performance.now();
      socket.write(frame);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (!answer.endsWith('\x1c\r')) return;
      last = performance.now();
      times.push(last - sentAt);
      const code = /\rMSA\|(\w\w)/.exec(answer)?.[1] ?? 'none';
      codes[code] = (codes[code] ?? 0) + 1;
      answer = '';
      send();
    });
  });
}
