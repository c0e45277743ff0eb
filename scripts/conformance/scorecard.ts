import type { TestReport } from '../store-parity/parity.ts';
import { choices } from './choices.ts';

/** The stores that the FHIR interface is tried on, by their name in the tests, and as the page calls them. */
const stores = { memory: 'memory', sqlite: 'SQLite', mongodb: 'MongoDB' } as const;
type StoreName = keyof typeof stores;
const storeNames = Object.keys(stores) as StoreName[];
/** Where what it needs may be missing: a run without it says nothing of it. */
const mayBeAbsent: readonly StoreName[] = ['mongodb'];
/** Behaviours of the R4 specification that servers get wrong, as they are numbered in the tests' titles. */
const behaviourCount = 63;

interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** Why tests were passed over. */
  readonly skipped: readonly string[];
}

/** What a run says. */
export interface Scorecard {
  /** By number: what holds, and how its tests ended on each store. */
  readonly behaviours: ReadonlyMap<
    number,
    { readonly says: readonly string[]; readonly on: ReadonlyMap<StoreName, Tally> }
  >;
  /** By name: tests made from material that is not ours. */
  readonly oracles: ReadonlyMap<string, ReadonlyMap<StoreName, Tally>>;
  readonly absent: readonly StoreName[];
}

/** Tests named `B7 ...` anywhere, and all tests within `oracle: NAME, on STORE`. */
export function readScorecard({ testResults }: TestReport): Scorecard {
  const behaviours = new Map<number, { says: string[]; on: Map<StoreName, Tally> }>();
  const oracles = new Map<string, Map<StoreName, Tally>>();
  for (const test of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    const store = storeOf(test.ancestorTitles);
    if (store === undefined) continue;
    const [, numbers = '', says = ''] = /^((?:B\d+ )+)(.*)$/s.exec(test.title) ?? [];
    for (const [, number] of numbers.matchAll(/B(\d+) /g)) {
      const row = behaviours.get(Number(number)) ?? { says: [], on: new Map<StoreName, Tally>() };
      if (!row.says.includes(says)) row.says.push(says);
      add(row.on, store, test);
      behaviours.set(Number(number), row);
    }
    const oracle = test.ancestorTitles.map((title) => /^oracle: (.*), on \w+$/.exec(title)?.[1]);
    const name = oracle.find((found) => found !== undefined);
    if (name === undefined) continue;
    const row = oracles.get(name) ?? new Map<StoreName, Tally>();
    add(row, store, test);
    oracles.set(name, row);
  }
  const ran = new Set([...behaviours.values()].flatMap(({ on }) => [...on.keys()]));
  return { behaviours, oracles, absent: mayBeAbsent.filter((store) => !ran.has(store)) };
}

function storeOf(titles: readonly string[]): StoreName | undefined {
  const words = titles.map((title) => / on (\w+)$/.exec(title)?.[1]);
  return storeNames.find((name) => words.includes(name));
}

function add(
  row: Map<StoreName, Tally>,
  store: StoreName,
  { title, status }: { readonly title: string; readonly status: string },
): void {
  const { passed, failed, skipped } = row.get(store) ?? { passed: 0, failed: 0, skipped: [] };
  const isSkipped = ['skipped', 'pending', 'todo', 'disabled'].includes(status);
  row.set(store, {
    passed: passed + (status === 'passed' ? 1 : 0),
    failed: failed + (status === 'passed' || isSkipped ? 0 : 1),
    skipped: isSkipped ? [...skipped, title] : skipped,
  });
}

/** What is missing or failed. */
export function scorecardFaults({ behaviours, oracles, absent }: Scorecard): string[] {
  const expected = storeNames.filter((store) => !absent.includes(store));
  const numbers = Array.from({ length: behaviourCount }, (_, at) => at + 1);
  const missing = numbers.flatMap((number) =>
    expected.flatMap((store) => {
      const tally = behaviours.get(number)?.on.get(store);
      if (tally === undefined || tally.passed + tally.failed === 0) {
        return [`Behaviour ${String(number)} has no test on ${stores[store]}`];
      }
      return tally.failed > 0 ? [`Behaviour ${String(number)} fails on ${stores[store]}`] : [];
    }),
  );
  const failed = [...oracles].flatMap(([name, on]) =>
    [...on].flatMap(([store, tally]) =>
      tally.failed > 0 ? [`${name}: ${String(tally.failed)} failed on ${stores[store]}`] : [],
    ),
  );
  return [...missing, ...failed];
}

/** docs/reference/conformance.md. Figures of `committed` stay where this run was a sample, or without a store. */
export function scorecardPage(card: Scorecard, committed: string): string {
  const before = cellsOf(committed);
  const behaviours = [...card.behaviours]
    .sort(([a], [b]) => a - b)
    .map(([number, { says, on }]) => {
      const name = String(number);
      const cells = storeNames.map((store, at) =>
        card.absent.includes(store)
          ? (before.get(name)?.[at + 1] ?? 'not run yet')
          : on.get(store)?.failed === 0
            ? 'holds'
            : 'fails',
      );
      return [name, says.toSorted().join('; '), ...cells];
    });
  const oracles = [...card.oracles]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, on]) => {
      const cells = storeNames.map((store, at) => {
        const now = on.get(store)?.passed ?? 0;
        const then = Number.parseInt(before.get(name)?.[at] ?? '', 10) || 0;
        return now === 0 && then === 0 ? '-' : String(Math.max(now, then));
      });
      return [name, ...cells];
    });
  const names = Object.values(stores);
  return [
    intro,
    table(['where', 'what Weir does'], choices),
    `## The ${String(behaviourCount)} behaviours\n\nEach is a black-box test over HTTP, on every store.`,
    table(['', 'what holds', ...names], behaviours),
    oracleIntro,
    table(['oracle', ...names], oracles),
    origin,
  ].join('\n\n');
}

const intro = `# Conformance

Where R4 leaves room, what Weir does; and what tests say, of our own and of material that others made. The interface itself
is in [fhir-api.md](fhir-api.md), and \`GET /fhir/metadata\` says it to programs.

## Choices`;

const oracleIntro = `## Oracles

Tests made from what others published: cases passed, of a run with \`WEIR_TEST_ALL_ROUNDS=1\`; none failed. Clients that apps use
(MedplumClient, fhir-kit-client, HAPI's Java client) take their tours in \`test/clients\` and \`test/rest\`; US Core's profiles are in
\`test/fhir/us-core.test.ts\`, and that XML comes back exact in \`test/fhir/xml\`.`;

const origin = `Written by \`node scripts/conformance.ts --write\` after \`npm test\`; the gate \`conformance\` fails where a
behaviour has no test on a store, where a test failed, or where this page says something else.
`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

/** The cells after the first of each row of a page, by the first. */
function cellsOf(page: string): ReadonlyMap<string, readonly string[]> {
  const rows = page.split('\n').filter((line) => line.startsWith('| '));
  return new Map(
    rows.map((line) => {
      const [first = '', ...cells] = line.slice(2, -2).split(' | ');
      return [first, cells];
    }),
  );
}
