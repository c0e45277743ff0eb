/**
 * Translations per second on one core, trace on: ADT^A01 (goal 3,000) and ORU^R01 with 8 OBX (goal 1,500), with the
 * base pack, from text to resources. The limit measured in the same run is parsing and grouping alone, which no map can beat.
 *
 * CPU time is what counts, so that other work on the machine does not blur the figure; wall time is printed beside it.
 */
import { readFile } from 'node:fs/promises';
import { groupSegments } from '../src/hl7v2/grammar.ts';
import { parseMessage } from '../src/hl7v2/parse.ts';
import type { Message } from '../src/hl7v2/message.ts';
import { readMapFiles } from '../src/map-files.ts';
import type { MappingContext } from '../src/mapping/context.ts';
import { compilePack, selectMap, type CompiledPack } from '../src/mapping/pack.ts';
import { runMap } from '../src/mapping/run/run-map.ts';

const warmUpRuns = 3_000;
const measuredMs = 3_000;

const context: MappingContext = {
  feed: 'bench',
  zone: 'Europe/Rome',
  receivedAt: '2026-01-01T00:00:00Z',
  authority: ({ namespace, universalId }) => `urn:bench:${namespace || universalId}`,
  settings: {},
};

const started = process.cpuUsage();
const { pack, issues } = compilePack(
  await readMapFiles([{ folder: 'mappings', shownAs: 'mappings' }]),
);
if (!pack) throw new Error(issues.map(({ message }) => message).join('\n'));
console.log(
  `compile of the pack: ${(process.cpuUsage(started).user / 1000).toFixed(0)} ms CPU (goal < 500)`,
);

const adt = await readText('fixtures/ADT_A01/inpatient-admission/message.hl7');
bench('ADT^A01', adt, { pack, goal: 3_000 });
bench(
  'ORU^R01, 8 OBX',
  withObservations(await readText('fixtures/ORU_R01/panel-with-critical/message.hl7'), 8),
  { pack, goal: 1_500 },
);

async function readText(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).replace(/\r?\n/g, '\r');
}

/** The result with its observations repeated to the number wanted, each with a code of its own. */
function withObservations(text: string, count: number): string {
  const segments = text.split('\r').filter((line) => line !== '');
  const observation = segments.find((line) => line.startsWith('OBX|'))?.split('|') ?? [];
  const before = segments.slice(
    0,
    segments.findIndex((line) => line.startsWith('OBX|')),
  );
  const observations = Array.from({ length: count }, (_, index) =>
    observation
      .with(1, String(index + 1))
      .with(3, `${String(1000 + index)}-1^Test^LN`)
      .join('|'),
  );
  return [...before, ...observations].join('\r');
}

function bench(
  name: string,
  text: string,
  { pack, goal }: { pack: CompiledPack; goal: number },
): void {
  const once = (): void => {
    const message = parsed(text);
    const map = selectMap(pack, message, context.feed);
    if (typeof map === 'string') throw new Error(map);
    runMap(map, message, context);
  };
  const parse = measure(() => {
    groupSegments(parsed(text));
  });
  const mapped = measure(once);
  const line = [
    `${name}: ${mapped.perCpuSecond.toFixed(0)} per CPU second (goal ${String(goal)})`,
    `${mapped.perSecond.toFixed(0)} per second`,
    `parse and group alone ${parse.perCpuSecond.toFixed(0)}`,
    `ratio ${(mapped.perCpuSecond / parse.perCpuSecond).toFixed(3)}`,
  ];
  console.log(line.join(', '));
}

function parsed(text: string): Message {
  const { message } = parseMessage(text);
  if (!message) throw new Error('the fixture is no message');
  return message;
}

function measure(work: () => void): { perCpuSecond: number; perSecond: number } {
  for (let run = 0; run < warmUpRuns; run += 1) work();
  const start = performance.now();
  const cpu = process.cpuUsage();
  let runs = 0;
  while (performance.now() - start < measuredMs) {
    work();
    runs += 1;
  }
  const seconds = (performance.now() - start) / 1000;
  return {
    perCpuSecond: runs / (process.cpuUsage(cpu).user / 1_000_000),
    perSecond: runs / seconds,
  };
}
