/** The stores that are to hold every law, by their name in the contract, and as the page calls them. */
const stores = { memory: 'memory', sqlite: 'SQLite', mongodb: 'MongoDB' } as const;
type StoreName = keyof typeof stores;
const storeNames = Object.keys(stores) as StoreName[];
/** Where what it needs may be missing: a run without it says nothing of it. */
const mayBeAbsent: readonly StoreName[] = ['mongodb'];

/** The part of vitest's JSON report that is read. */
export interface TestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
    }[];
  }[];
}

/** What a run says of one law's test of one store. */
type Outcome =
  | { readonly kind: 'holds' }
  | { readonly kind: 'skipped'; readonly reason: string }
  | { readonly kind: 'failed'; readonly status: string };

export interface Parity {
  /** By the test's title, as `law 4: of 20 ...`, in the order of the contract. */
  readonly tests: ReadonlyMap<string, ReadonlyMap<StoreName, Outcome>>;
  readonly absent: readonly StoreName[];
}

/** The outcomes of all tests within `store contract: NAME`. */
export function readParity({ testResults }: TestReport): Parity {
  const tests = new Map<string, Map<StoreName, Outcome>>();
  for (const { ancestorTitles, title, status } of testResults.flatMap(
    ({ assertionResults }) => assertionResults,
  )) {
    const group = ancestorTitles.find((name) => name.startsWith('store contract: '));
    const store = storeNames.find((name) => group === `store contract: ${name}`);
    if (store === undefined) continue;
    const { law, outcome } = outcomeOf(title, status);
    tests.set(law, (tests.get(law) ?? new Map<StoreName, Outcome>()).set(store, outcome));
  }
  const ran = new Set([...tests.values()].flatMap((outcomes) => [...outcomes.keys()]));
  return { tests, absent: mayBeAbsent.filter((store) => !ran.has(store)) };
}

function outcomeOf(title: string, status: string): { law: string; outcome: Outcome } {
  const [, law = title, reason] = /^(law .*?)(?: \(skipped: (.*)\))?$/s.exec(title) ?? [];
  if (reason !== undefined) return { law, outcome: { kind: 'skipped', reason } };
  return { law, outcome: status === 'passed' ? { kind: 'holds' } : { kind: 'failed', status } };
}

/** What keeps the stores from being alike without a word: a test that is missing, failed, or skipped without a reason. */
export function parityFaults({ tests, absent }: Parity): string[] {
  if (tests.size === 0) return ['The report holds no test of the store contract'];
  const ran = new Set([...tests.values()].flatMap((outcomes) => [...outcomes.keys()]));
  const silent = storeNames.filter((store) => !ran.has(store) && !absent.includes(store));
  if (silent.length > 0) return silent.map((store) => `${stores[store]}: no test of it was run`);
  const expected = storeNames.filter((store) => ran.has(store));
  return [...tests].flatMap(([law, outcomes]) =>
    expected.flatMap((store) => {
      const outcome = outcomes.get(store);
      if (outcome === undefined) return [`${stores[store]}: "${law}" was not run`];
      return outcome.kind === 'failed' ? [`${stores[store]}: "${law}" ${outcome.status}`] : [];
    }),
  );
}

interface PageSources {
  /** src/store/store.ts, whose head states the laws. */
  readonly laws: string;
  /** The page as it is: what it says of stores that did not run stays. */
  readonly committed: string;
}

/** docs/reference/store-parity.md */
export function parityPage(parity: Parity, { laws, committed }: PageSources): string {
  const before = readPage(committed);
  const byLaw = Map.groupBy(parity.tests.keys(), (title) => /^law (\d+)/.exec(title)?.[1] ?? '');
  const numbers = [...byLaw.keys()].sort((a, b) => Number(a) - Number(b));
  const sections = numbers.map((number) => {
    const rows = (byLaw.get(number) ?? []).map((title) => {
      const test = title.replace(/^law \d+: /, '').replaceAll('|', '\\|');
      const cells = storeNames.map((store, at) =>
        parity.absent.includes(store)
          ? (before.get(`${number}: ${test}`)?.[at] ?? 'not run yet')
          : outcomeText(parity.tests.get(title)?.get(store)),
      );
      return `| ${[test, ...cells].join(' | ')} |`;
    });
    return `## Law ${number}\n\n${lawText(laws, number)}\n\n${[...head, ...rows].join('\n')}\n`;
  });
  return `${intro}\n${sections.join('\n')}`;
}

const intro = `# Stores side by side

Every implementation of the store runs the same tests, law by law (\`test/contract/store.ts\`). This page is what they said:
\`node scripts/store-parity.ts --write\` after \`npm test\` writes it, and the gate \`parity\` fails where a test is missing or
failed, or where the page says something else.
`;

const names = Object.values(stores);
const head = [`| test | ${names.join(' | ')} |`, `| --- | ${names.map(() => '---').join(' | ')} |`];

function outcomeText(outcome: Outcome | undefined): string {
  if (outcome?.kind === 'skipped') return `skipped: ${outcome.reason}`;
  return outcome?.kind ?? 'not run';
}

/** A law as the head of the port states it. */
function lawText(source: string, number: string): string {
  const lines = source.slice(0, source.indexOf('*/')).split('\n');
  const first = lines.findIndex((line) => new RegExp(`^ \\*\\s+${number}\\. `).test(line));
  const rest = first < 0 ? [] : lines.slice(first + 1);
  const end = rest.findIndex((line) => !/^ \* {5}\S/.test(line));
  const law = first < 0 ? [] : [lines[first] ?? '', ...rest.slice(0, end < 0 ? 0 : end)];
  return law.map((line) => line.replace(/^ \*\s+(\d+\. )?/, '')).join(' ');
}

/** The cells of each test of a page, by `number: test`. */
function readPage(page: string): ReadonlyMap<string, readonly string[]> {
  const cells = new Map<string, readonly string[]>();
  let law = '';
  for (const line of page.split('\n')) {
    law = /^## Law (\d+)/.exec(line)?.[1] ?? law;
    const [test, ...outcomes] = line.startsWith('| ') ? line.slice(2, -2).split(' | ') : [];
    if (test !== undefined) cells.set(`${law}: ${test}`, outcomes);
  }
  return cells;
}
