import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from '../rest/fhir-app.ts';
import type { FhirApp } from '../rest/fhir-app.ts';
import { idsOf } from '../rest/shown.ts';
import { dateRows, dateSentences } from './date-rows.ts';
import { named, referenceRows, stringRows, tokenRows, uriRows } from './name-rows.ts';
import { numberRows } from './number-rows.ts';

const ucum = 'http://unitsofmeasure.org';
const strict = { prefer: 'handling=strict' };

/** The targets of rows, each once, as Observations; the id is its place. */
const dated = unique([
  ...dateRows.map(([, , , effective]) => effective),
  ...dateSentences.map(([, effective]) => effective),
]);
const measured = unique(numberRows.map(({ quantity }) => quantity));

function unique(members: readonly object[]): readonly string[] {
  return [...new Set(members.map((member) => JSON.stringify(member)))];
}

function observation(id: string, members: object) {
  const code = { text: 'measured' };
  return { resourceType: 'Observation', id, status: 'final', code, ...members };
}

/** Each quantity as a plain one, as one in kg and, where it has no comparator, as a factor. */
function measuredAs(text: string, at: number): readonly { resourceType: string; id: string }[] {
  const quantity = JSON.parse(text) as { value: number; comparator?: string };
  const plain = observation(`n${String(at)}`, { valueQuantity: quantity });
  const mass = { ...quantity, system: ucum, code: 'kg' };
  const weighed = observation(`kg${String(at)}`, { valueQuantity: mass });
  if (quantity.comparator !== undefined) return [plain, weighed];
  const charge = {
    ...{ resourceType: 'ChargeItem', id: `c${String(at)}`, status: 'billable' },
    ...{ code: { text: 'x' }, subject: { display: 'x' }, factorOverride: quantity.value },
  };
  return [plain, weighed, charge];
}

/** A search, one of its targets, and whether it is found. */
interface Row {
  readonly url: string;
  readonly id: string;
  readonly expected: boolean;
}

/**
 * The tables of prefixes and forms over HTTP, on every store: all targets are loaded once, and each search is
 * asked once.
 */
describe.each(stores)("oracle: the tables of R4's search page, on %s", (_name, open) => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(open);
    const all = [
      ...dated.map((text, at) => observation(`d${String(at)}`, JSON.parse(text) as object)),
      ...measured.flatMap(measuredAs),
      ...named,
    ];
    await load(fhir, all);
  });
  afterAll(() => fhir.close());

  const found = async (url: string): Promise<readonly string[]> => {
    const { status, json, text } = await fhir.call('GET', url, { headers: strict });
    return status === 200 ? idsOf(json) : [text];
  };
  /** A search is asked once for all of its rows; gives those of which the server says something else. */
  const wrong = async (rows: readonly Row[]): Promise<readonly unknown[]> => {
    const bySearch = Map.groupBy(rows, ({ url }) => url);
    const faults: unknown[] = [];
    for (const [url, some] of bySearch) {
      const ids = await found(`${url}&_count=1000`);
      faults.push(...some.filter(({ id, expected }) => ids.includes(id) !== expected));
    }
    return faults;
  };

  it(`B44 B45 ${String(dateRows.length + dateSentences.length)} rows of dates`, async () => {
    expect(dateRows.length).toBeGreaterThanOrEqual(125);
    const rows = [
      ...dateRows.map(([search, , expected, effective]) => [search, effective, expected] as const),
      // "Approximately" is a tenth of the time from then to now, and the clock here stands elsewhere.
      ...dateSentences.filter(([search]) => !search.startsWith('ap')),
    ].map(([search, effective, expected]): Row => {
      // In an address a plus is a blank, unless it is written as %2B.
      const url = `/Observation?date=${search.replaceAll('+', '%2B').replaceAll(' ', '+')}`;
      return { url, id: `d${String(dated.indexOf(JSON.stringify(effective)))}`, expected };
    });
    expect(await wrong(rows)).toEqual([]);
  });

  it(`B46 B47 ${String(numberRows.length)} rows of numbers and quantities`, async () => {
    expect(numberRows.length).toBeGreaterThanOrEqual(100);
    const rows = numberRows.flatMap(({ search, quantity, expected }): readonly Row[] => {
      const at = String(measured.indexOf(JSON.stringify(quantity)));
      const url = `/Observation?value-quantity=${search}`;
      return [
        { url: `${url}||`, id: `n${at}`, expected },
        { url: `${url}|${ucum}|kg`, id: `kg${at}`, expected },
        ...('comparator' in quantity
          ? []
          : [{ url: `/ChargeItem?factor-override=${search}`, id: `c${at}`, expected }]),
      ];
    });
    expect(await wrong(rows)).toEqual([]);
  });

  it.each([
    ['B39 B40 B41', 'tokens', tokenRows],
    ['B42', 'texts', stringRows],
    ['B43', 'references', referenceRows],
    ['B49', 'uris', uriRows],
  ] as const)('%s the table of %s', async (_number, _kind, rows) => {
    const ids = new Set(named.map(({ id }) => id));
    for (const [search, expected] of rows) {
      const all = await found(`/${encodeURI(search).replaceAll('%25', '%')}&_count=1000`);
      const some = all.filter((id) => ids.has(id) || id.startsWith('{'));
      expect([search, some.toSorted().join(' ')]).toEqual([search, expected]);
    }
  });
});

async function load(fhir: FhirApp, all: readonly { resourceType: string; id: string }[]) {
  const entry = all.map((resource) => {
    return { resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } };
  });
  const body = { resourceType: 'Bundle', type: 'transaction', entry };
  const { status, text } = await fhir.call('POST', '/', { body });
  expect([status, status === 200 ? '' : text]).toEqual([200, '']);
}
