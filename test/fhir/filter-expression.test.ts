import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseFilterExpression,
  type FilterExpression,
  type FilterPath,
} from '../../src/fhir/filter-expression.ts';

const operators = ['eq', 'ne', 'co', 'sw', 'gt', 'pr', 'po', 'in', 'ni', 're'] as const;
const name = fc.constantFrom('name', 'birthdate', '_id', 'value-quantity', 'and', 'or', 'note');

const path: fc.Arbitrary<FilterPath> = fc.letrec<{ path: FilterPath }>((tie) => ({
  path: fc.oneof(
    { maxDepth: 2 },
    name.map((each): FilterPath => ({ kind: 'name', name: each, at: 0 })),
    fc.tuple(name, tie('path')).map(([each, next]): FilterPath => {
      return { kind: 'name', name: each, at: 0, type: 'Patient', next };
    }),
    fc.tuple(name, tie('path')).map(([each, next]): FilterPath => {
      return { kind: 'has', type: 'Observation', name: each, at: 0, next };
    }),
  ),
})).path;

const expression = fc.letrec<{ filter: FilterExpression }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.record({
      kind: fc.constant('test' as const),
      path,
      operator: fc.constantFrom(...operators),
      value: fc.oneof(fc.string(), fc.constantFrom('and', 'a|b', '5.4', 'x"y')),
      at: fc.constant(0),
    }),
    fc
      .tuple(
        fc.constantFrom('and' as const, 'or' as const),
        fc.array(tie('filter'), { minLength: 2, maxLength: 3 }),
      )
      .map(([kind, parts]): FilterExpression => ({ kind, parts })),
    tie('filter').map((part): FilterExpression => ({ kind: 'not', part })),
  ),
})).filter;

/** With parentheses around every part that is not a test. */
function written(filter: FilterExpression): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts
        .map((part) => (part.kind === 'test' ? written(part) : `(${written(part)})`))
        .join(` ${filter.kind} `);
    case 'not':
      return `not (${written(filter.part)})`;
    case 'test':
      return `${writtenPath(filter.path)} ${filter.operator} ${JSON.stringify(filter.value)}`;
  }
}

function writtenPath(each: FilterPath): string {
  if (each.kind === 'has') return `_has:${each.type}:${each.name}:${writtenPath(each.next)}`;
  const type = each.type === undefined ? '' : `:${each.type}`;
  return each.name + type + (each.next === undefined ? '' : `.${writtenPath(each.next)}`);
}

/** Without places, and with what a list begins with of its own kind taken into it: "a and b and c" is one. */
function plain(filter: FilterExpression): unknown {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const [first, ...others] = filter.parts;
      const begun = first?.kind === filter.kind ? first.parts : first ? [first] : [];
      const isWhole = first?.kind !== filter.kind;
      const joined = { kind: filter.kind, parts: [...begun, ...others] };
      return isWhole ? { kind: joined.kind, parts: joined.parts.map(plain) } : plain(joined);
    }
    case 'not':
      return { kind: 'not', part: plain(filter.part) };
    case 'test':
      return { path: writtenPath(filter.path), operator: filter.operator, value: filter.value };
  }
}

describe('the grammar of _filter', () => {
  it('reads what it is written as', () => {
    fc.assert(
      fc.property(expression, (filter) => {
        const read = parseFilterExpression(written(filter));
        if ('issue' in read) throw new Error(`${written(filter)}: ${read.issue.diagnostics}`);
        expect(plain(read)).toEqual(plain(filter));
      }),
      { numRuns: 300 },
    );
  });

  it('answers any text with a tree or a place', () => {
    const pieces = fc.constantFrom(
      ...[
        '(',
        ')',
        '[',
        ']',
        '"',
        '\\',
        ' ',
        'and',
        'or',
        'not',
        'eq',
        'name',
        '.',
        ':',
        '_has:',
        'x',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const read = parseFilterExpression(parts.join(''));
        if (!('issue' in read)) return;
        const { diagnostics } = read.issue;
        const at = Number(/^_filter, character (\d+): /.exec(diagnostics)?.[1]);
        expect(at).toBeGreaterThanOrEqual(1);
        expect(at).toBeLessThanOrEqual(parts.join('').length + 1);
      }),
      { numRuns: 500 },
    );
  });
});
