import { knownSegment } from '../../hl7v2/dictionary.ts';
import type { GuideCondition, GuideReference, GuideTest } from './guide-condition.ts';
import { segmentName, type ProbeMessage, type ProbePlace } from './probe-message.ts';
import { fieldType, valueAt, withValue, type ProbeSegment } from './probe-segment.ts';
import { fieldSamples, sampleComponent, sampleValue } from './sample-value.ts';

/** What a message must hold for a condition of the guide to hold. */
export interface Fact {
  readonly of: GuideReference;
  readonly test: GuideTest;
}

/** The ways to fulfil a condition: of an AND all parts, of an OR any of them. */
export function waysOf(condition: GuideCondition): readonly (readonly Fact[])[] {
  if (condition.kind === 'test') return [[{ of: condition.of, test: condition.test }]];
  if (condition.kind === 'or') return condition.parts.flatMap(waysOf);
  return condition.parts
    .map(waysOf)
    .reduce((before, ways) => before.flatMap((one) => ways.map((way) => [...one, ...way])), [[]]);
}

/** Where a probe works: the segment's place, and the value at hand, to which a data type's name refers. */
export interface FactScope {
  readonly place: string;
  readonly subject: readonly number[];
}

/** The message with all facts fulfilled, in turn. */
export function withFacts(message: ProbeMessage, facts: readonly Fact[], scope: FactScope): ProbeMessage {
  return facts.reduce((before, fact) => withFact(before, fact, scope), message);
}

/** Where a reference of a condition points: a place of the message and a path in its segment. */
export function pointOf(
  { name, path }: GuideReference,
  message: ProbeMessage,
  { place, subject }: FactScope,
): { readonly place: string; readonly path: readonly number[] } {
  // A segment has three letters; CX and ED are data types.
  if (name.length < 3 || !knownSegment(name)) return { place, path: [...subject, ...path] };
  if (segmentName(place) === name) return { place, path };
  const places = message.filter((one) => segmentName(one.place) === name);
  const found = places.find(({ present }) => present) ?? places[0];
  return { place: found?.place ?? name, path };
}

function withFact(message: ProbeMessage, { of, test }: Fact, scope: FactScope): ProbeMessage {
  const point = pointOf(of, message, scope);
  const isAbsence = test.kind === 'empty';
  return message.map((one): ProbePlace => {
    if (one.place !== point.place) return one;
    if (point.path.length === 0) return { ...one, present: !isAbsence };
    const present = one.present || !(isAbsence || test.kind === 'not in');
    return { ...one, present, segment: fulfilled(one.segment, point.path, test) };
  });
}

function fulfilled(segment: ProbeSegment, path: readonly number[], test: GuideTest): ProbeSegment {
  const now = valueAt(segment, path);
  switch (test.kind) {
    case 'empty':
      return now === '' ? segment : withValue(segment, path, '');
    case 'valued':
      return now === '' ? withValue(segment, path, sampleAt(segment, path)) : segment;
    case 'in': {
      const [value = ''] = test.values;
      return test.values.includes(codeOf(now)) ? segment : withValue(segment, path, value);
    }
    case 'not in':
      return test.values.includes(codeOf(now)) ? withValue(segment, path, otherThan(test.values)) : segment;
    case 'length':
      return segment;
    case 'count':
      return withCount(segment, path, test);
  }
}

function codeOf(value: string): string {
  return /^[^^&~]*/.exec(value)?.[0] ?? '';
}

function otherThan(values: readonly string[]): string {
  return ['A', 'B', 'ZZ'].find((value) => !values.includes(value)) ?? '';
}

function withCount(
  segment: ProbeSegment,
  path: readonly number[],
  test: Extract<GuideTest, { kind: 'count' | 'length' }>,
): ProbeSegment {
  const [field = 0] = path;
  const whole = valueAt(segment, [field]) || sampleAt(segment, [field]);
  const first = whole.split('~')[0] ?? '';
  const many = test.compare === 'GT' || test.compare === 'GE';
  return withValue(segment, [field], many ? `${first}~${first}` : first);
}

/** An example of what stands at a path of a segment. */
export function sampleAt(segment: ProbeSegment, [field = 0, ...rest]: readonly number[]): string {
  const type = fieldType(segment, field);
  const own = rest.length === 0 ? fieldSamples[`${segment[0] ?? ''}-${String(field)}`] : undefined;
  if (own !== undefined) return own;
  return rest.length === 0 ? sampleValue(type) : sampleComponent(type, rest);
}
