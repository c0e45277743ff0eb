import { Hl7Message } from '@medplum/core';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import type { ParseFigures } from './figures.ts';
import { messageOf, type Kind } from './messages.ts';

const warmUps = 2_000;
const fieldsRead = 25;

/** Three ways to read PID and every OBX of a message, lap by lap, in messages a second of processor time. */
export function measureParsing(lapMs: number): readonly ParseFigures[] {
  return (['ADT', 'ORU'] as const).map((kind: Kind) => {
    const text = messageOf(kind, 3, 10).toString();
    const ways = { lazySplit: lazySplit, ours, medplum };
    const rates = Object.entries(ways).map(([name, read]) => [
      name,
      rateOf(() => read(text), lapMs),
    ]);
    const name = kind === 'ADT' ? 'ADT^A08' : 'ORU^R01, 8 OBX';
    return { message: name, ...(Object.fromEntries(rates) as Omit<ParseFigures, 'message'>) };
  });
}

function rateOf(read: () => number, lapMs: number): number {
  let sum = 0;
  for (let run = 0; run < warmUps; run += 1) sum += read();
  const begun = performance.now();
  const cpu = process.cpuUsage();
  let runs = 0;
  for (; performance.now() - begun < lapMs; runs += 1) sum += read();
  const { user, system } = process.cpuUsage(cpu);
  if (sum === 0) throw new Error('Nothing was read');
  return runs / ((user + system) / 1_000_000);
}

/** As little as can be done: no escapes, no encoding characters but the usual, no repetitions. */
function lazySplit(text: string): number {
  let length = 0;
  for (const line of text.split('\r')) {
    if (!line.startsWith('PID') && !line.startsWith('OBX')) continue;
    const fields = line.split('|');
    for (let field = 1; field < fieldsRead; field += 1) {
      const value = fields[field] ?? '';
      const end = value.indexOf('^');
      length += end < 0 ? value.length : end;
    }
  }
  return length;
}

function ours(text: string): number {
  const { message } = parseMessage(text);
  let length = 0;
  for (const segment of message?.segments ?? []) {
    if (segment.name !== 'PID' && segment.name !== 'OBX') continue;
    for (let field = 1; field < fieldsRead; field += 1) {
      length += segment.text(field).length;
    }
  }
  return length;
}

function medplum(text: string): number {
  const message = Hl7Message.parse(text);
  let length = 0;
  for (const segment of message.segments) {
    if (segment.name !== 'PID' && segment.name !== 'OBX') continue;
    for (let field = 1; field < fieldsRead; field += 1) {
      length += segment.getComponent(field, 1).length;
    }
  }
  return length;
}
