import { describe, expect, it } from 'vitest';
import { hasElement, pathSteps, pathText } from '../../src/fhir/element-path.ts';
import { removePath } from '../../src/record/source-view.ts';

const race = 'http://example.org/race';
const religion = 'http://example.org/religion';
const text = (url: string, value: string) => ({
  url,
  extension: [{ url: 'text', valueString: value }],
});

function without(resource: Readonly<Record<string, unknown>>, path: string) {
  const left = structuredClone(resource);
  return { removed: removePath(left, pathSteps(path)), left };
}

describe('a path to an element', () => {
  it.each([
    ['telecom', [{ name: 'telecom' }]],
    ['period.end', [{ name: 'period' }, { name: 'end' }]],
    [
      `extension(${race}).extension(text)`,
      [
        { name: 'extension', url: race },
        { name: 'extension', url: 'text' },
      ],
    ],
  ])('%s has steps that give it again', (path, steps) => {
    expect(pathSteps(path)).toEqual(steps);
    expect(pathText(steps)).toBe(path);
  });

  it('says whether an object has the element', () => {
    const patient = {
      extension: [text(race, 'a')],
      period: { end: '2026' },
      name: [{}, { family: 'B' }],
    };
    expect(hasElement(patient, pathSteps(`extension(${race}).extension(text)`))).toBe(true);
    expect(hasElement(patient, pathSteps(`extension(${religion})`))).toBe(false);
    expect(hasElement(patient, pathSteps('name.family'))).toBe(true);
    expect(hasElement(patient, pathSteps('constructor'))).toBe(false);
  });
});

describe('removing an extension', () => {
  const patient = { extension: [text(race, 'a'), text(religion, 'b')] };

  it('leaves the others, and takes what it leaves empty', () => {
    expect(without(patient, `extension(${race}).extension(text)`)).toEqual({
      removed: true,
      left: { extension: [text(religion, 'b')] },
    });
    expect(without({ extension: [text(race, 'a')] }, `extension(${race})`).left).toEqual({});
  });

  it('does nothing where there is none', () => {
    expect(without(patient, 'extension(http://example.org/other)')).toEqual({
      removed: false,
      left: patient,
    });
  });
});
