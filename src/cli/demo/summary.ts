import type { App } from '../../app.ts';
import { unmappedPrefix } from '../../feed/worklist.ts';
import type { UnmappedTally } from '../../feed/worklist.ts';
import { table } from '../table.ts';
import type { SearchJson } from './expectation.ts';
import type { Answers } from './play.ts';

interface Played {
  readonly app: App;
  readonly answers: Answers;
  readonly search: SearchJson;
}

/** What a person wants to know after the demo: who was answered what, what came of it, what is left to do. */
export async function summary({ app, answers, search }: Played): Promise<string> {
  const parts = [
    section('Frames by sender', ['sender', 'AA', 'AE', 'AR'], answerRows(answers)),
    section('In the record', ['resources', 'count'], resourceRows(await app.store.counts())),
    section('Work and messages', ['what', 'count'], await workRows(search)),
    section('Codes that no table has yet', ['feed', 'table', 'code', 'seen'], await unmapped(app)),
  ];
  return `\n${parts.join('\n')}`;
}

function answerRows(answers: Answers): string[][] {
  return [...answers].map(([sender, counts]) => [
    sender,
    ...['AA', 'AE', 'AR'].map((code) => String(counts.get(code) ?? 0)),
  ]);
}

function resourceRows(counts: ReadonlyMap<string, number>): string[][] {
  return [...counts]
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([type, count]) => [type, String(count)]);
}

const work: readonly (readonly [what: string, query: string])[] = [
  ['Tasks: results to review', 'Task?code=review-result'],
  ['Tasks: hand-offs', 'Task?code=handoff'],
  ['Alerts and notices sent', 'Communication?status=completed'],
  ['Messages not sent, with the reason', 'Communication?status=not-done'],
  ['Messages planned', 'CommunicationRequest?status=active'],
];

async function workRows(search: SearchJson): Promise<string[][]> {
  return Promise.all(
    work.map(async ([what, query]) => {
      const { total = 0 } = await search(`${query}&_summary=count`);
      return [what, String(total)];
    }),
  );
}

/** The worklist that the feeds keep (feed/worklist.ts). */
async function unmapped(app: App): Promise<string[][]> {
  const entries = await app.store.states(unmappedPrefix);
  return entries.map(({ value }) => {
    const { feed, table: name, code, count } = JSON.parse(value) as UnmappedTally;
    return [feed, name, code, String(count)];
  });
}

function section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) return `${title}: none\n`;
  const lines = table(head, rows).map((line) => `  ${line}\n`);
  return `${title}\n${lines.join('')}`;
}
