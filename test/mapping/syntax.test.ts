import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCondition, type Condition } from '../../src/mapping/language/condition-syntax.ts';
import { parseElementPath } from '../../src/mapping/language/element-path.ts';
import { parseInstanceSource, parsePath } from '../../src/mapping/language/path-syntax.ts';
import { readYaml } from '../../src/mapping/language/yaml-tree.ts';
import { MapIssues } from '../../src/mapping/map-issue.ts';
import { limits } from '../../src/limits.ts';

describe('paths', () => {
  it.each([
    ['PID-5.1', { kind: 'segment', segment: 'PID', groups: [], field: 5, component: 1 }],
    ['PID-3[2].4.1', { field: 3, repetition: 2, component: 4, subcomponent: 1 }],
    ['ORDER.OBSERVATION.OBX-5', { groups: ['ORDER', 'OBSERVATION'], segment: 'OBX', field: 5 }],
    ['NTE', { kind: 'segment', segment: 'NTE' }],
    ['4.1', { kind: 'relative', component: 4, subcomponent: 1 }],
    ['.', { kind: 'relative' }],
    ['$vip', { kind: 'setting', name: 'vip' }],
  ])('%s', (text, path) => {
    expect(parsePath(text)).toMatchObject(path);
  });

  it.each(['', 'PID.5', 'PID-', 'pid-5', 'PID-5.1.2.3', '1.2.3', '$', 'PID-5 '])(
    'not %s',
    (text) => {
      expect(parsePath(text)).toBeUndefined();
    },
  );

  it('of instances', () => {
    expect(parseInstanceSource('A_B.OBX')).toEqual({ kind: 'names', names: ['A_B', 'OBX'] });
    expect(parseInstanceSource('PV1-7')).toMatchObject({ kind: 'field' });
    expect(parseInstanceSource('"1"')).toBeUndefined();
  });

  it('of elements', () => {
    expect(parseElementPath('birthDate.extension(http://x.y/z.w).value[x]')).toEqual([
      { name: 'birthDate', choice: false },
      { name: 'extension', choice: false, url: 'http://x.y/z.w' },
      { name: 'value', choice: true },
    ]);
    for (const text of ['', 'a.', '.a', 'a..b', 'name(x)', 'a b']) {
      expect(parseElementPath(text)).toBeUndefined();
    }
  });
});

/** Conditions as trees, printed with all parentheses. */
const leaf: fc.Arbitrary<Condition> = fc
  .record({
    field: fc.integer({ min: 1, max: 40 }),
    values: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
  })
  .map(({ field, values }) => ({ kind: 'in', path: parsePath(`PID-${String(field)}`)!, values }));
const tree = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.record({ kind: fc.constant('not' as const), part: tie('tree') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      parts: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).tree;

function print(condition: Condition): string {
  switch (condition.kind) {
    case 'in': {
      const values = condition.values.map((text) => `'${text.replaceAll("'", "''")}'`);
      return `${condition.path.text} in (${values.join(', ')})`;
    }
    case 'exists':
      return `${condition.path.text} exists`;
    case 'not':
      return `not (${print(condition.part)})`;
    default:
      return condition.parts.map((part) => `(${print(part)})`).join(` ${condition.kind} `);
  }
}

describe('conditions', () => {
  it('are read back as they were printed', () => {
    fc.assert(
      fc.property(tree, (condition) => {
        expect(parseCondition(print(condition))).toEqual({ ok: true, condition });
      }),
    );
  });

  it('bind `and` tighter than `or`', () => {
    expect(parseCondition('PID-1 = a or PID-2 = b and PID-3 exists')).toMatchObject({
      condition: { kind: 'or', parts: [{ kind: 'in' }, { kind: 'and' }] },
    });
  });

  it('never throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof parseCondition(text).ok).toBe('boolean');
      }),
    );
    expect(parseCondition('('.repeat(1000)).ok).toBe(false);
  });
});

describe('YAML', () => {
  const read = (text: string) => {
    const issues = new MapIssues();
    return {
      tree: readYaml({ path: 'a', text }, issues),
      messages: issues.list().map((i) => i.message),
    };
  };

  it('is core schema 1.2: NO is a text, a number keeps its digits', () => {
    const { tree } = read('a: NO\nb: 4.10\nc: 4.1\nd: true');
    const values = [...(tree?.entries.values() ?? [])].map(
      ({ value }) => value.kind === 'scalar' && value.value,
    );
    expect(values).toEqual(['NO', '4.10', 4.1, true]);
  });

  it('has a longest file and a deepest nesting', () => {
    expect(read(`a: ${'x'.repeat(limits.mapFileBytesMax)}`).messages[0]).toContain('longer than');
    expect(read('a: ' + '['.repeat(40) + ']'.repeat(40)).messages[0]).toContain('deeper than');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(Array.isArray(read(text).messages)).toBe(true);
      }),
    );
  });
});
