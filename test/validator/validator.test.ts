import { beforeAll, describe, expect, it } from 'vitest';
import type { Resource } from '../../src/fhir/resource.ts';
import { samplesNote, sentSamples } from '../feed/sent-samples.ts';
import { fixtureBundles, sampleBundles, type MadeBundle } from './bundles.ts';
import { buildValidator, validate, type Verdict } from './hapi-validator.ts';
import { classOf, knownWarnings } from './known-warnings.ts';
import { storedBundles } from './stored-bundles.ts';

const { program, missing } = buildValidator();
const allRounds = process.env['WEIR_TEST_ALL_ROUNDS'] === '1';

/** What stands at the end of the list that is handed in: each must be reported, lest silence mean nothing. */
const planted: readonly (readonly [name: string, text: string, said: RegExp])[] = [
  ['no JSON', '{"resourceType":"Patient"', /^fatal thrown/],
  ['an unknown element', '{"resourceType":"Patient","gendr":"female"}', /^error .*gendr/i],
  [
    'a code outside a required binding',
    '{"resourceType":"Patient","gender":"femal"}',
    /^error .*femal/,
  ],
  ['a missing element', '{"resourceType":"Observation","code":{"text":"x"}}', /^error .*status/],
  [
    'a reference to another type',
    inBundle({
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
      specimen: { reference: 'urn:uuid:8f5a6c1e-6c5b-4d3c-9b7c-1f0e2d3c4b5a' },
    }),
    /^error .*Patient/,
  ],
  [
    'a reference to nothing',
    inBundle({
      resourceType: 'Observation',
      status: 'final',
      code: { text: 'x' },
      subject: { reference: 'urn:uuid:00000000-6c5b-4d3c-9b7c-1f0e2d3c4b5a' },
    }),
    /^warning Bundle_BUNDLE_Not_Local .*urn:uuid:00000000/,
  ],
  [
    'an invariant',
    '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"a","dataAbsentReason":{"text":"b"}}',
    /^error .*obs-6/,
  ],
];

/** A Bundle of a Patient and this. */
function inBundle(resource: Resource): string {
  const fullUrl = 'urn:uuid:8f5a6c1e-6c5b-4d3c-9b7c-1f0e2d3c4b5a';
  const entry = [{ resourceType: 'Patient', active: true }, resource].map((one, index) => ({
    fullUrl: index === 0 ? fullUrl : fullUrl.replace('8f5a', '8f5b'),
    resource: one,
    request: { method: 'POST', url: one.resourceType },
  }));
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
}

describe("HAPI's validator, offline", () => {
  if (program === undefined) {
    it.skip(`(${missing})`, () => undefined);
    return;
  }
  let bundles: readonly MadeBundle[];
  let verdicts: readonly Verdict[];
  beforeAll(async () => {
    // Those of one type are much alike: a developer waits for some of them.
    const some = [
      ...(await sampleBundles()).filter((_, index) => allRounds || index % 6 === 0),
      ...(await storedBundles()).filter((_, index) => allRounds || index % 16 === 0),
    ];
    bundles = [...(await fixtureBundles()), ...some];
    const texts = [...bundles.map(({ text }) => text), ...planted.map(([, text]) => text)];
    verdicts = await validate(program, texts);
  }, 400_000);

  const ofMessages = (): readonly Verdict[] => verdicts.filter(({ line }) => line < bundles.length);
  const linesOf = (wanted: (verdict: Verdict) => boolean): string[] =>
    ofMessages()
      .filter(wanted)
      .map(({ line, severity, id, at, text }) =>
        [bundles[line]?.name, severity, id, at, text].join(' '),
      );

  it('has a Bundle of every fixture that is accepted, and of what is stored of it', () => {
    expect(bundles.length).toBeGreaterThan(60);
    const stored = bundles.filter(({ name }) => name.startsWith('stored of '));
    expect(stored.every(({ text }) => text.includes('"Provenance"'))).toBe(true);
    expect(stored.length).toBeGreaterThan(5);
  });

  it(`finds no error in what the messages become${samplesNote}`, () => {
    expect(linesOf(({ severity }) => severity === 'error' || severity === 'fatal')).toEqual([]);
  });

  it('says nothing that is not explained', () => {
    const unexplained = linesOf(
      (verdict) => verdict.severity === 'warning' && classOf(verdict) === undefined,
    );
    expect(unexplained).toEqual([]);
  });

  it('has no explanation that explains nothing, and counts what it silences', () => {
    const counts = Map.groupBy(
      ofMessages().flatMap((one) => classOf(one) ?? []),
      (known) => known,
    );
    for (const known of knownWarnings) {
      console.log(`${String(counts.get(known)?.length ?? 0)} silenced: ${known.why}`);
    }
    if (!allRounds || sentSamples.length === 0) return;
    expect(knownWarnings.filter((known) => !counts.has(known))).toEqual([]);
  });

  it.each(planted.map(([name, , said], index) => [name, said, index] as const))(
    'reports %s',
    (_, said, index) => {
      const found = verdicts
        .filter(({ line }) => line === bundles.length + index)
        .map(({ severity, id, text }) => `${severity} ${id} ${text}`);
      expect(
        found.some((one) => said.test(one)),
        found.join('\n'),
      ).toBe(true);
    },
  );
});
