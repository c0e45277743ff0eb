/** `ValueSet.compose.include.filter`: http://hl7.org/fhir/R4/valueset-filter-operator.html. */
import { limits } from '../limits.ts';
import { reach, textOf, type CodeSystem, type Concept } from './code-system.ts';
import { fail } from './issue.ts';
import { compilePattern } from './linear-pattern.ts';

export type ConceptTest = (concept: Concept) => boolean;

type Members = Readonly<Record<string, unknown>>;

/** The test of a filter. Throws `not-supported` for an operator or property that the system has not, `value` for a bad value. */
export function conceptFilter(system: CodeSystem, filter: Members): ConceptTest {
  const [property, op, value] = [filter['property'], filter['op'], filter['value']].map(textOf);
  if (property === undefined || op === undefined || value === undefined) {
    return fail('value', 'A filter of a value set has property, op and value');
  }
  return hierarchyTest(system, op, value) ?? valueTest(system, property, op, value);
}

function hierarchyTest(system: CodeSystem, op: string, value: string): ConceptTest | undefined {
  const code = system.find(value)?.code ?? value;
  const known = system.concepts.has(code);
  switch (op) {
    case 'is-a': {
      const below = reach(system, code, 'children');
      return (concept) => concept.code === code || below.has(concept.code);
    }
    case 'descendent-of': {
      const below = reach(system, code, 'children');
      return (concept) => below.has(concept.code);
    }
    case 'is-not-a': {
      const below = reach(system, code, 'children');
      return (concept) => concept.code !== code && !below.has(concept.code);
    }
    case 'generalizes': {
      const above = reach(system, code, 'parents');
      return (concept) => known && (concept.code === code || above.has(concept.code));
    }
    default:
      return undefined;
  }
}

// A filter has three parts, and is one of a system.
function valueTest(system: CodeSystem, property: string, op: string, value: string): ConceptTest {
  requireProperty(system, property);
  const values = (concept: Concept): readonly string[] => valuesOf(concept, property);
  switch (op) {
    case '=':
      return (concept) => values(concept).includes(value);
    case 'in':
    case 'not-in': {
      const wanted = new Set(value.split(',').map((part) => part.trim()));
      return (concept) => values(concept).some((each) => wanted.has(each)) === (op === 'in');
    }
    case 'exists':
      return (concept) => values(concept).length > 0 === (value === 'true');
    case 'regex': {
      const matches = boundedPattern(value);
      return (concept) => values(concept).some(matches);
    }
    default:
      return fail('not-supported', 'A filter of a value set has an operator that is not offered');
  }
}

/** Matches texts until the work for all of them together is too much; then it throws `limit`. */
function boundedPattern(source: string): (text: string) => boolean {
  const pattern = compilePattern(source);
  if (!pattern) {
    return fail('not-supported', 'A filter has a regular expression that is not offered');
  }
  let work = 0;
  return (text) => {
    if (text.length > limits.patternTextCharsMax) return false;
    work += text.length * pattern.states;
    if (work > limits.patternWorkMax) {
      fail('limit', 'Too costly: the regular expression of a filter, on so many codes');
    }
    return pattern.matches(text);
  };
}

const ownProperties: ReadonlySet<string> = new Set([
  'code',
  'concept',
  'display',
  'definition',
  'parent',
  'child',
  'inactive',
  'notSelectable',
  'status',
]);

function requireProperty({ properties, url }: CodeSystem, property: string): void {
  if (ownProperties.has(property) || properties.has(property)) return;
  fail('not-supported', `A filter is by a property that ${url} does not have`);
}

/** The values of a property as text; a boolean that is not said is false. */
function valuesOf(concept: Concept, property: string): readonly string[] {
  switch (property) {
    case 'code':
    case 'concept':
      return [concept.code];
    case 'display':
    case 'definition': {
      const text = concept[property];
      return text === undefined ? [] : [text];
    }
    case 'parent':
      return concept.parents;
    case 'child':
      return concept.children;
    case 'inactive':
      return [String(concept.inactive)];
    case 'notSelectable':
      return [String(concept.abstract)];
    default:
      return concept.property
        .filter(({ code }) => code === property)
        .map(({ value }) => textOfValue(value));
  }
}

function textOfValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const { code } = value as Members;
  return typeof code === 'string' ? code : '';
}
