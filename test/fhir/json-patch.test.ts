import { describe, expect, it } from 'vitest';
import { rawNumber } from '../../src/fhir/decimal.ts';
import { applyJsonPatch } from '../../src/fhir/json-patch.ts';
import type { Json } from '../../src/fhir/resource.ts';

/** Document, patch, result: RFC 6902 appendix A and what its text adds. */
const applied: readonly (readonly [string, Json, Json, Json])[] = [
  ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
  ['adds an element', { a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2, 3] }],
  ['adds at the end', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
  ['adds over a member', { a: 1 }, [{ op: 'add', path: '/a', value: 2 }], { a: 2 }],
  ['adds null', {}, [{ op: 'add', path: '/a', value: null }], { a: null }],
  ['adds the whole', { a: 1 }, [{ op: 'add', path: '', value: { b: 2 } }], { b: 2 }],
  ['removes a member', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
  ['removes an element', { a: [1, 2] }, [{ op: 'remove', path: '/a/0' }], { a: [2] }],
  ['replaces', { a: [1, 2] }, [{ op: 'replace', path: '/a/1', value: 3 }], { a: [1, 3] }],
  ['replaces the whole', { a: 1 }, [{ op: 'replace', path: '', value: {} }], {}],
  [
    'moves',
    { a: { x: 1 }, b: {} },
    [{ op: 'move', from: '/a/x', path: '/b/y' }],
    { a: {}, b: { y: 1 } },
  ],
  [
    'moves in an array',
    { a: [1, 2, 3] },
    [{ op: 'move', from: '/a/0', path: '/a/2' }],
    { a: [2, 3, 1] },
  ],
  ['copies', { a: [1] }, [{ op: 'copy', from: '/a', path: '/b' }], { a: [1], b: [1] }],
  [
    'tests by value',
    { a: { b: 1, c: [2] } },
    [{ op: 'test', path: '/a', value: { c: [2], b: 1 } }],
    { a: { b: 1, c: [2] } },
  ],
  [
    'reads ~0 and ~1',
    { 'a/b': 1, 'c~d': 2 },
    [
      { op: 'remove', path: '/a~1b' },
      { op: 'remove', path: '/c~0d' },
    ],
    {},
  ],
  ['does nothing', { a: 1 }, [], { a: 1 }],
];

const refused: readonly (readonly [string, Json, Json])[] = [
  ['no array', {}, { op: 'add' }],
  ['no operation', {}, [1]],
  ['an unknown op', {}, [{ op: 'merge', path: '/a', value: 1 }]],
  ['no path', {}, [{ op: 'add', value: 1 }]],
  ['a path without slash', {}, [{ op: 'add', path: 'a', value: 1 }]],
  ['add without value', {}, [{ op: 'add', path: '/a' }]],
  ['a missing parent', {}, [{ op: 'add', path: '/a/b', value: 1 }]],
  ['replacing what is not there', {}, [{ op: 'replace', path: '/a', value: 1 }]],
  ['removing what is not there', { a: 1 }, [{ op: 'remove', path: '/b' }]],
  ['removing the whole', { a: 1 }, [{ op: 'remove', path: '' }]],
  ['an index past the end', { a: [1] }, [{ op: 'add', path: '/a/2', value: 1 }]],
  ['an index with a leading zero', { a: [1, 2] }, [{ op: 'remove', path: '/a/01' }]],
  ['removing at the end mark', { a: [1] }, [{ op: 'remove', path: '/a/-' }]],
  ['a test that fails', { a: 1 }, [{ op: 'test', path: '/a', value: 2 }]],
  ['a test of another length', { a: [1] }, [{ op: 'test', path: '/a', value: [1, 2] }]],
  ['a move into itself', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/b' }]],
  ['a step into a text', { a: 'x' }, [{ op: 'add', path: '/a/b', value: 1 }]],
  ['a name of every object', {}, [{ op: 'remove', path: '/constructor' }]],
];

describe('JSON Patch', () => {
  it.each(applied)('%s', (_what, document, patch, result) => {
    const before = JSON.stringify(document);
    expect(applyJsonPatch(document, patch)).toEqual(result);
    expect(JSON.stringify(document)).toBe(before);
  });

  it.each(refused)('refuses %s', (_what, document, patch) => {
    expect(() => applyJsonPatch(document, patch)).toThrow(/JSON Patch/);
  });

  it('refuses copies of copies before they are more than any memory', () => {
    const doubling = Array.from({ length: 64 }, (_, n) => ({
      op: 'copy',
      from: '/a',
      path: `/a/b${String(n)}`,
    }));
    expect(() => applyJsonPatch({ a: { x: 1 } }, doubling)).toThrow(/copies more than/);
    expect(applyJsonPatch({ a: { x: 1 } }, doubling.slice(0, 2))).toEqual({
      a: { x: 1, b0: { x: 1 }, b1: { x: 1, b0: { x: 1 } } },
    });
  });

  it('keeps the digits of numbers, and tests them by value', () => {
    const document = { a: rawNumber('1.00'), b: 1 };
    const patch = [
      { op: 'test', path: '/a', value: 1 },
      { op: 'add', path: '/c', value: rawNumber('0.010') },
    ] as const;
    expect(JSON.stringify(applyJsonPatch(document, patch))).toBe('{"a":1.00,"b":1,"c":0.010}');
  });
});
