import type { SearchNode, TextLeaf } from '../../src/fhir/search-ast.ts';
import { start } from './store-fixture.ts';

const identifier = { op: 'token', param: 'identifier' } as const;
const family = { op: 'string', param: 'family' } as const;
const url = { op: 'uri', param: 'url' } as const;
const gp = { op: 'reference', param: 'gp' } as const;
const gpIdentifier = { op: 'referenceIdentifier', param: 'gp' } as const;
const dose = { op: 'quantity', param: 'q', prefix: 'eq', value: 5, lo: 4.5, hi: 5.5 } as const;
const second = (n: number) => ({ lo: start + n * 1_000, hi: start + (n + 1) * 1_000 });

function other(leaf: TextLeaf): SearchNode {
  return { op: 'other', leaf };
}

/** What a search finds among the people of store-search.ts: title, tree, ids. */
export const searchCases: readonly (readonly [string, SearchNode, readonly string[]])[] = [
  ['everything by an empty and', { op: 'and', nodes: [] }, ['p1', 'p2', 'p3', 'p4']],
  ['nothing by an empty or', { op: 'or', nodes: [] }, []],
  ['a token in any system', { ...identifier, code: '1' }, ['p1', 'p3']],
  ['a token in its system', { ...identifier, system: 'urn:mrn', code: '1' }, ['p1']],
  ['a token without a system', { ...identifier, system: null, code: '1' }, ['p3']],
  ['any token of a system', { ...identifier, system: 'urn:mrn' }, ['p1', 'p2']],
  ['any token at all', identifier, ['p1', 'p2', 'p3']],
  ['no token of an unknown code', { ...identifier, code: '9' }, []],
  ['no token of an unknown system', { ...identifier, system: 'urn:none' }, []],
  ['nothing by an unknown parameter', { op: 'token', param: 'none', code: '1' }, []],
  ['strings by prefix', { ...family, match: 'prefix', value: 'smith' }, ['p1', 'p2']],
  ['strings by a prefix with marks', { ...family, match: 'prefix', value: 'ü' }, ['p1']],
  ['strings by an empty prefix', { ...family, match: 'prefix', value: '' }, ['p1', 'p2']],
  ['strings by what they contain', { ...family, match: 'contains', value: 'jon' }, ['p2']],
  ['strings as they are', { ...family, match: 'exact', value: 'Smith' }, ['p1']],
  ['no string in other case', { ...family, match: 'exact', value: 'smith' }, []],
  ['no string by a wildcard', { ...family, match: 'prefix', value: '%' }, []],
  ['strings by their end', { ...family, match: 'suffix', value: 'jones' }, ['p2']],
  ['strings by an end with marks', { ...family, match: 'suffix', value: 'ber' }, ['p1']],
  ['strings in any case', { ...family, match: 'equal', value: 'smith' }, ['p1']],
  ['strings after another', { ...family, match: 'gt', value: 'smith' }, ['p1', 'p2']],
  ['strings before another', { ...family, match: 'lt', value: 'smith-' }, ['p1']],
  ['strings from another on', { ...family, match: 'ge', value: 'smith-jones' }, ['p1', 'p2']],
  ['strings up to another', { ...family, match: 'le', value: 'smith' }, ['p1']],
  ['a token that is another', other({ ...identifier, code: '1' }), ['p2']],
  [
    'a token that is another of a system',
    other({ ...identifier, system: 'urn:mrn', code: '1' }),
    ['p1', 'p2', 'p3'],
  ],
  ['a token of another system', other({ ...identifier, system: 'urn:mrn' }), ['p1', 'p3']],
  ['no token that is other than any', other(identifier), []],
  ['a string that is another', other({ ...family, match: 'equal', value: 'smith' }), ['p1', 'p2']],
  [
    'a string that is not exact',
    other({ ...family, match: 'exact', value: 'smith-jones' }),
    ['p1'],
  ],
  ['a string that begins otherwise', other({ ...family, match: 'prefix', value: 'smith' }), ['p1']],
  ['a string that is not after another', other({ ...family, match: 'gt', value: 'smith' }), ['p1']],
  [
    'an address that is another',
    other({ ...url, match: 'exact', value: 'http://a.test/x' }),
    ['p1', 'p3', 'p4'],
  ],
  [
    'an address elsewhere',
    other({ ...url, match: 'below', value: 'http://a.test/x' }),
    ['p3', 'p4'],
  ],
  ['what is of a type', { op: 'type', types: ['Patient'] }, ['p1', 'p2', 'p3', 'p4']],
  ['nothing of another type', { op: 'type', types: ['Basic', 'Group'] }, []],
  ['addresses', { ...url, match: 'exact', value: 'http://a.test/x' }, ['p2']],
  ['addresses below', { ...url, match: 'below', value: 'http://a.test/x' }, ['p1', 'p2']],
  ['addresses above', { ...url, match: 'above', value: 'http://a.test/x/y/z' }, ['p1', 'p2']],
  ['a urn only itself below', { ...url, match: 'below', value: 'urn:oid:1.2' }, ['p4']],
  ['no urn by its beginning', { ...url, match: 'below', value: 'urn:oid' }, []],
  ['references of a type', { ...gp, type: 'Practitioner', id: 'd1' }, ['p1']],
  ['references of any type', { ...gp, id: 'd1' }, ['p1', 'p3']],
  ['references to a type', { ...gp, type: 'Practitioner' }, ['p1', 'p2']],
  ['references to a version', { ...gp, type: 'Practitioner', id: 'd2', version: '3' }, ['p2']],
  ['no reference to another version', { ...gp, id: 'd2', version: '4' }, []],
  ['references by address', { ...gp, url: 'http://other.test/fhir/Practitioner/d1' }, ['p3']],
  ['no address by an id', { ...gp, id: 'http://other.test/fhir/Practitioner/d1' }, []],
  ['identifiers of references', { ...gpIdentifier, system: 'urn:npi', code: '7' }, ['p1']],
  ['no identifier among references', { ...gpIdentifier, code: 'd1' }, []],
  ['quantities in any unit', dose, ['p1', 'p2']],
  [
    'quantities in a unit of a system',
    { ...dose, system: 'http://unitsofmeasure.org', code: 'mg' },
    ['p1'],
  ],
  ['quantities by code or unit', { ...dose, code: 'mg' }, ['p1', 'p2']],
  ['quantities by unit', { ...dose, code: 'milligram' }, ['p1']],
  ['ids', { op: 'id', ids: ['p3', 'p1', 'nobody'] }, ['p1', 'p3']],
  ['no id of none', { op: 'id', ids: [] }, []],
  ['last updated in a second', { op: 'lastUpdated', prefix: 'eq', ...second(2) }, ['p2']],
  ['last updated later', { op: 'lastUpdated', prefix: 'gt', ...second(2) }, ['p3', 'p4']],
  [
    'last updated not before',
    { op: 'lastUpdated', prefix: 'ge', ...second(2) },
    ['p2', 'p3', 'p4'],
  ],
  ['last updated earlier', { op: 'lastUpdated', prefix: 'lt', ...second(2) }, ['p1']],
  ['a parameter that is there', { op: 'missing', param: 'gender', missing: false }, ['p1', 'p2']],
  ['a parameter that is missing', { op: 'missing', param: 'gender', missing: true }, ['p3', 'p4']],
  ['a parameter nobody has', { op: 'missing', param: 'none', missing: true }, everyone()],
  [
    'values of one resource by and',
    {
      op: 'and',
      nodes: [
        { ...identifier, code: '1' },
        { ...gp, id: 'd1' },
      ],
    },
    ['p1', 'p3'],
  ],
  [
    'either by or, each once',
    {
      op: 'or',
      nodes: [
        { ...identifier, code: '1' },
        { ...family, match: 'prefix', value: 's' },
      ],
    },
    ['p1', 'p2', 'p3'],
  ],
  [
    'a nest of and, or and not',
    {
      op: 'and',
      nodes: [
        {
          op: 'or',
          nodes: [
            { ...identifier, code: '1' },
            { ...identifier, code: '2' },
          ],
        },
        { op: 'not', node: { op: 'and', nodes: [{ ...gp, id: 'd2' }, { ...dose }] } },
        { op: 'not', node: { op: 'missing', param: 'gender', missing: true } },
      ],
    },
    ['p1'],
  ],
];

function everyone(): string[] {
  return ['p1', 'p2', 'p3', 'p4'];
}
