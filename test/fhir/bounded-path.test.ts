import { describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { elementsAt } from '../../src/fhir/element-place.ts';
import type { Resource } from '../../src/fhir/resource.ts';
import { meetsRule } from '../../src/fhir/validate-rules.ts';
import { processorMs } from '../processor-time.ts';

const names = Array.from({ length: 60 }, (_, i) => ({
  family: `f${String(i)}`,
  given: ['a', 'b'],
}));
const patient = () => ({ resourceType: 'Patient', id: `${'a'.repeat(40)}-`, name: names });

function meets(expression: string, root = patient()): boolean {
  return meetsRule(expression, { value: root, type: 'Patient', root });
}

const digits = '(1|2|3|4|5|6|7|8|9|10)';
const nested = (call: string): string =>
  `${`${digits}.${call}(`.repeat(12)}$this > 0${')'.repeat(12)}`;

describe('constraints of strangers', () => {
  it.each([
    [nested('select')],
    [nested('where')],
    [nested('all')],
    [`${'descendants().'.repeat(12)}count() > 0`],
    [`name.given.select(%resource.name.given.select(%resource.name.given.select(%resource.name)))`],
    [`id.matches('^(a+)+$')`],
    [`id.matches('^(a|aa)+$')`],
    [`id.matches('(a' & '+)+$')`],
    [`id.matches('a*a*a*a*a*a*a*a*a*a*b')`],
    [`id.replaceMatches('(a+)+$', '') = ''`],
  ])('end in bounded time: %s', (expression) => {
    const spent = processorMs();
    meets(expression);
    expect(spent()).toBeLessThan(1_500);
  });

  it('share their time, so that many are no way around it', () => {
    const root = patient();
    const spent = processorMs();
    for (let i = 0; i < 200; i++) meets(`${nested('select')} or ${String(i)} = 1`, root);
    expect(spent()).toBeLessThan(2_000);
    expect(meets('name.count() = 1', root)).toBe(true);
    expect(limits.fhirPathStepsMax).toBeLessThan(10_000_000);
  });

  it.each([
    ['name.count() = 60', true],
    ['name.count() = 61', false],
    ["name.all(family.matches('^f[0-9]+$'))", true],
    ["name.all(family.matches('^f[0-8]+$'))", false],
    ["name.all(family.matches('[0-9]'))", true],
    ["name.all(family.matches('^(f1|f2)$'))", false],
    ["name.exists(family.matches('f1|f2'))", true],
    ["id.matches('^[A-Za-z0-9\\\\-\\\\.]{1,64}$')", true],
    ["id.matches('^b')", false],
    ["id.matches('-$')", true],
    ['name.given.distinct().count() = 2', true],
  ])('are kept where they can be: %s is %s', (expression, met) => {
    expect(meets(expression)).toBe(met);
  });

  it('a condition in a path of a patch ends too, and is refused', () => {
    const path = `Patient.name.where(${digits}.where(${nested('where')}.exists()).exists())`;
    const spent = processorMs();
    expect(() => elementsAt(patient() as unknown as Resource, path)).toThrow('cannot be evaluated');
    expect(spent()).toBeLessThan(1_500);
  });
});
