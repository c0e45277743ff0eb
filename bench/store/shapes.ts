import type { SearchNode, SearchQuery } from '../../src/fhir/search-ast.ts';
import type { Store } from '../../src/store/store.ts';
import { days, familyName, patientId, systems, traitsOf, type Traits } from './population.ts';
import { millisecondsOf, quantile } from './sample.ts';

const calls = 300;

/** How long one shape of search took at one size. */
export interface ShapeFigures {
  readonly shape: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Resources on the page, the middle of all calls. */
  readonly found: number;
  /** Calls that failed or found nothing; their times are not counted. */
  readonly failed: number;
}

/** Every shape with values of resources that are there, the shapes in turn. */
export async function measureShapes(store: Store, size: number): Promise<ShapeFigures[]> {
  const asked = questions(size);
  const runs = Object.entries(shapes(size)).map(([shape, ask]) => ({
    ...{ shape, ask, times: [0].slice(1), found: [0].slice(1) },
    failed: 0,
  }));
  for (let call = 0; call < calls; call++) {
    const about = asked[call % asked.length];
    if (about === undefined) break;
    for (const run of runs) {
      let found = 0;
      const ms = await millisecondsOf(async () => {
        found = await run.ask(store, about).catch(() => 0);
      });
      if (found === 0) run.failed += 1;
      else {
        run.times.push(ms);
        run.found.push(found);
      }
    }
  }
  return runs.map(({ shape, times, found, failed }) => ({
    shape,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    found: quantile(found, 0.5),
    failed,
  }));
}

/** The first call of each shape, in milliseconds. */
export async function firstCalls(store: Store, size: number): Promise<Record<string, number>> {
  const [about] = questions(size);
  const first: Record<string, number> = {};
  for (const [shape, ask] of Object.entries(shapes(size))) {
    if (about === undefined) break;
    first[shape] = await millisecondsOf(() => ask(store, about));
  }
  return first;
}

/** Observations to ask about, spread over all, of patients and with codes that more than a page have. */
function questions(size: number): Traits[] {
  const step = Math.max(1, Math.floor(size / 100_000));
  const sampled = Array.from({ length: Math.floor(size / step) }, (_, at) => traitsOf(at * step));
  const observations = sampled.filter(({ type }) => type === 'Observation');
  const more = (key: 'patient' | 'code'): ((about: Traits) => boolean) => {
    const groups = Map.groupBy(observations, (about) => about[key]);
    return (about) => (groups.get(about[key])?.length ?? 0) * step > 51;
  };
  const chosen = observations.filter(more('patient')).filter(more('code'));
  const every = Math.max(1, Math.floor(chosen.length / calls));
  return chosen.filter((_, at) => at % every === 0).slice(0, calls);
}

type Ask = (store: Store, about: Traits) => Promise<number>;

/** The shapes, each answered with how many were found; a page is 50, as 51 rows show that there are more. */
function shapes(size: number): Readonly<Record<string, Ask>> {
  const window = Math.min(1, 100 / (size * 0.39)) * (days.last - days.first);
  const newestFirst: SearchQuery['sort'] = [{ param: 'date', kind: 'date', descending: true }];
  return {
    'read by id': async (store, { type, id }) =>
      (await store.read(type, id)) === undefined ? 0 : 1,
    identifier: searching(({ n }) => [
      { op: 'token', param: 'identifier', system: systems.identifier, code: String(n) },
    ]),
    subject: searching((about) => [subject(about)]),
    'subject and code': searching((about) => [subject(about), code(about)]),
    code: searching((about) => [code(about)]),
    'code, newest first': searching((about) => [code(about)], newestFirst),
    'date range': searching(({ at }) => [
      { op: 'date', param: 'date', prefix: 'ge', lo: at - window / 2, hi: at - window / 2 + 1 },
      { op: 'date', param: 'date', prefix: 'lt', lo: at + window / 2, hi: at + window / 2 + 1 },
    ]),
    'chain subject.identifier': searching(({ patient }) => [
      onPatient({
        ...{ op: 'token', param: 'identifier', system: systems.identifier },
        code: patientId(patient),
      }),
    ]),
    'chain subject.name': searching(({ patient }) => [
      onPatient({
        ...{ op: 'string', param: 'name', match: 'prefix' },
        value: familyName(patient).toLowerCase(),
      }),
    ]),
    'composite code and value': searching((about) => [composite(about)]),
  };
}

function searching(
  nodes: (about: Traits) => readonly SearchNode[],
  sort: SearchQuery['sort'] = [],
): Ask {
  return async (store, about) => {
    const where: SearchNode = { op: 'and', nodes: nodes(about) };
    const query = { types: ['Observation'], where, sort, count: 50, total: 'none' } as const;
    return (await store.search(query)).matches.length;
  };
}

function subject({ patient }: Traits): SearchNode {
  return { op: 'reference', param: 'subject', type: 'Patient', id: patientId(patient) };
}

function code({ code }: Traits): SearchNode {
  return { op: 'token', param: 'code', system: systems.loinc, code };
}

function onPatient(where: SearchNode): SearchNode {
  return { op: 'chain', param: 'subject', type: 'Patient', where };
}

/** The code of the resource with a value near its own. */
function composite({ code, value }: Traits): SearchNode {
  const near = { lo: value - 0.05, hi: value + 0.05 };
  return {
    op: 'composite',
    param: 'code-value-quantity',
    parts: [
      { op: 'token', system: systems.loinc, code },
      { op: 'quantity', prefix: 'eq', value, ...near },
    ],
  };
}
