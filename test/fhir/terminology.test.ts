import { describe, expect, it } from 'vitest';
import { builtInDefinitions } from '../../src/fhir/built-in-definitions.ts';
import { codeSystemOf, isBelow, reach } from '../../src/fhir/code-system.ts';
import { translate } from '../../src/fhir/concept-map.ts';
import { grammarSystem } from '../../src/fhir/grammar-system.ts';
import { OutcomeError } from '../../src/fhir/issue.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { expandValueSet } from '../../src/fhir/value-set-expansion.ts';
import { ValueSetReader } from '../../src/fhir/value-set.ts';
import type { Terminology } from '../../src/fhir/value-set.ts';

const system = (concept: readonly object[], more: object = {}): Resource => ({
  resourceType: 'CodeSystem',
  url: 'urn:s',
  content: 'complete',
  concept,
  ...more,
});
const valueSet = (include: object, more: object = {}): Resource => ({
  resourceType: 'ValueSet',
  compose: { include: [include] },
  ...more,
});
const at = (...resources: readonly Resource[]): Terminology => ({
  codeSystem: (url) => {
    const found = resources.find(
      (each) => each.resourceType === 'CodeSystem' && each['url'] === url,
    );
    return found && codeSystemOf(found);
  },
  valueSet: (url) =>
    resources.find((each) => each.resourceType === 'ValueSet' && each['url'] === url),
});
const codes = (set: Resource, ...resources: readonly Resource[]): readonly string[] =>
  new ValueSetReader(at(...resources)).members(set).map(({ code }) => code);
const stamp = { identifier: 'urn:uuid:1', timestamp: '2026-01-01T00:00:00Z' };

describe('code systems', () => {
  it('have hierarchies of children and of properties, also in circles', () => {
    const property = (code: string, valueCode: string) => [{ code, valueCode }];
    const circle = codeSystemOf(
      system([
        { code: 'a', property: property('parent', 'c') },
        { code: 'b', property: property('subsumedBy', 'a') },
        { code: 'c', property: property('parent', 'b') },
        { code: 'd', property: property('child', 'a'), concept: [{ code: 'e' }] },
        { code: 'a', concept: [{ code: 'f' }] },
      ]),
    );
    expect([...reach(circle, 'd', 'children')].sort()).toEqual(['a', 'b', 'c', 'e', 'f']);
    expect(isBelow(circle, 'f', 'd')).toBe(true);
    expect(isBelow(circle, 'a', 'a')).toBe(false);
  });

  it('compare codes with case unless they say otherwise', () => {
    const loose = codeSystemOf(system([{ code: 'Ab' }], { caseSensitive: false }));
    expect(loose.find('AB')?.code).toBe('Ab');
    expect(codeSystemOf(system([{ code: 'Ab' }])).find('AB')).toBeUndefined();
  });

  it('are those of R4, v2 and v3, all of which can be read', async () => {
    const definitions = await builtInDefinitions();
    let concepts = 0;
    for (const url of definitions.urls('CodeSystem')) {
      const resource = definitions.find('CodeSystem', url);
      concepts += resource ? codeSystemOf(resource).concepts.size : 0;
    }
    expect(concepts).toBeGreaterThan(20_000);
    expect(definitions.find('CodeSystem', 'constructor')).toBeUndefined();
    expect(grammarSystem('constructor')).toBeUndefined();
  });

  it("give members to all of R4's value sets whose systems are here", async () => {
    const definitions = await builtInDefinitions();
    const terminology: Terminology = {
      codeSystem: (url) => {
        const found = definitions.find('CodeSystem', url);
        return found ? codeSystemOf(found) : grammarSystem(url);
      },
      valueSet: (url) => definitions.find('ValueSet', url.replace(/\|.*$/, '')),
    };
    const refused = new Set<string>();
    let listed = 0;
    for (const url of definitions.urls('ValueSet')) {
      const set = definitions.find('ValueSet', url);
      try {
        if (set && new ValueSetReader(terminology).members(set).length > 0) listed++;
      } catch (error) {
        if (!(error instanceof OutcomeError)) throw error;
        refused.add(error.issues[0].code);
      }
    }
    expect(listed).toBeGreaterThan(1_150);
    expect([...refused].sort()).toEqual(['limit', 'not-found', 'not-supported']);
  });
});

describe('value sets', () => {
  it('that came expanded have what is in the expansion', () => {
    const contains = [{ system: 'urn:s', code: 'a', contains: [{ system: 'urn:s', code: 'b' }] }];
    const expanded: Resource = { resourceType: 'ValueSet', url: 'urn:e', expansion: { contains } };
    expect(codes(expanded)).toEqual(['a', 'b']);
    expect(codes(valueSet({ valueSet: ['urn:e'] }), expanded)).toEqual(['a', 'b']);
    expect(new ValueSetReader(at()).find(expanded, 'urn:s', 'b')?.code).toBe('b');
    expect(new ValueSetReader(at()).find(expanded, 'urn:x', 'b')).toBeUndefined();
  });

  it('list codes of systems that are not here, and give each once', () => {
    const include = { system: 'urn:none', concept: [{ code: 'a', display: 'A' }, { code: 'a' }] };
    expect(codes(valueSet(include))).toEqual(['a']);
    expect(() => codes(valueSet({ system: 'urn:none' }))).toThrow('urn:none');
  });

  it('exclude what other value sets have', () => {
    const all = system([{ code: 'a' }, { code: 'b' }]);
    const some = valueSet({ system: 'urn:s', concept: [{ code: 'a' }] }, { url: 'urn:some' });
    const rest: Resource = {
      resourceType: 'ValueSet',
      compose: { include: [{ system: 'urn:s' }], exclude: [{ valueSet: ['urn:some'] }] },
    };
    expect(codes(rest, all, some)).toEqual(['b']);
  });

  it('are refused as too costly without a page, and paged with one', () => {
    const many = system(Array.from({ length: 12_000 }, (_, i) => ({ code: `c${i}` })));
    const set = valueSet({ system: 'urn:s' });
    expect(() => expandValueSet(set, at(many), {}, stamp)).toThrow('Too costly');
    const page = expandValueSet(set, at(many), { offset: 11_999, count: 5 }, stamp);
    expect(page['expansion']).toMatchObject({ total: 12_000, contains: [{ code: 'c11999' }] });
  });

  it('with a regular expression that is too much work are refused', () => {
    const display = 'a'.repeat(250);
    const many = system(Array.from({ length: 20_000 }, (_, i) => ({ code: `c${i}`, display })));
    const filter = [{ property: 'display', op: 'regex', value: `${'(a|b)*'.repeat(20)}c` }];
    expect(() => codes(valueSet({ system: 'urn:s', filter }), many)).toThrow('Too costly');
  });
});

describe('concept maps', () => {
  const group = (more: object) => ({ source: 'urn:a', target: 'urn:b', element: [], ...more });
  const map = (url: string, ...groups: readonly object[]): Resource => ({
    resourceType: 'ConceptMap',
    url,
    group: groups,
  });
  const coding = { system: 'urn:a', code: 'x' };

  it('keep a code that they do not have, or ask another map, never in a circle', () => {
    const provided = map('urn:1', group({ unmapped: { mode: 'provided' } }));
    expect(translate([provided], { coding, reverse: false })).toMatchObject([
      { equivalence: 'equal', concept: { system: 'urn:b', code: 'x' } },
    ]);
    const other = (url: string) => group({ unmapped: { mode: 'other-map', url } });
    const maps = [map('urn:2', other('urn:3')), map('urn:3', other('urn:2'), other('urn:1'))];
    const byUrl = (url: string) => [...maps, provided].find((each) => each['url'] === url);
    expect(translate(maps.slice(0, 1), { coding, reverse: false }, byUrl)).toMatchObject([
      { concept: { code: 'x' }, source: 'urn:1' },
    ]);
  });

  it('say each thing once, and nothing of other systems', () => {
    const target = [{ code: 'y', equivalence: 'equivalent' }];
    const one = map('urn:1', group({ element: [{ code: 'x', target }] }));
    expect(translate([one, one], { coding, reverse: false })).toHaveLength(1);
    expect(translate([one], { coding: { ...coding, system: 'urn:c' }, reverse: false })).toEqual(
      [],
    );
    expect(translate([one], { coding, reverse: false, targetSystem: 'urn:c' })).toEqual([]);
  });
});
