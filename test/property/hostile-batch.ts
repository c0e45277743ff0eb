import { takeBatches } from '../../src/feed/batch-frame.ts';
import type { Pipeline } from '../../src/feed/pipeline.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { processorOn } from '../feed/pipeline-fixture.ts';
import type { HostileMessage } from './hostile-arbitrary.ts';

/**
 * Sends several hostile messages as one batch, with headers and counts that chance makes right or wrong, and throws
 * where the way of batches does not hold: one answer, a row at most for each message, none of them unsettled.
 */
export async function sendHostileBatch(
  site: Pick<Pipeline, 'feeds' | 'map'>,
  messages: readonly HostileMessage[],
  chance: number,
): Promise<string> {
  const store = openMemoryStore();
  const { processor, errors } = processorOn(store, site);
  let count = 0;
  const onFrame = takeBatches({
    onFrame: processor.onFrame,
    now: () => new Date(0),
    newId: () => `batch-${String((count += 1))}`,
  });
  const answer = await onFrame({ bytes: wrapped(messages, chance), peer: 'hostile' });
  if (errors.length > 0) throw new Error('The log has an error', { cause: errors[0] });
  const { entries } = await store.journal.list({ count: 1_000 });
  const open = entries.filter(({ state }) => state === 'received');
  if (open.some(({ bytes }) => !Buffer.from(bytes).includes('DSC'))) {
    throw new Error('A message of the batch was left unsettled');
  }
  return answer === undefined || answer.length === 0 ? 'batch, quiet' : 'batch, answered';
}

function wrapped(messages: readonly HostileMessage[], chance: number): Uint8Array {
  const has = (bit: number): boolean => (chance & (1 << bit)) === 0;
  const lines = [
    ...(has(0) ? ['FHS|^~\\&|A|B\r'] : []),
    ...(has(1) ? ['BHS|^~\\&|A|B\r'] : []),
    ...messages.map(({ bytes }) => Buffer.concat([bytes, Buffer.from('\r')])),
    ...(has(2) ? [`BTS|${String(messages.length + (has(4) ? 0 : 3))}\r`] : []),
    ...(has(3) ? ['FTS|1\r'] : []),
  ];
  return Buffer.concat(lines.map((line) => Buffer.from(line)));
}
