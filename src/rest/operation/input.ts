import { listOf, textOf } from '../../fhir/code-system.ts';
import { numberText } from '../../fhir/decimal.ts';
import { fail, OutcomeError } from '../../fhir/issue.ts';
import { isError, statusOf } from '../../fhir/outcome.ts';
import type { Coding, Resource } from '../../fhir/resource.ts';
import { validateResource } from '../../fhir/validate.ts';
import { jsonBody, resourceOf } from '../body.ts';
import type { Call } from '../call.ts';

type Members = Readonly<Record<string, unknown>>;

/** The `in` parameters of an operation: of the query, and of the Parameters in the body, which go first. */
export interface OperationInput {
  readonly body: Resource | undefined;
  /** A primitive value as text. */
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  /** Throws `value` for anything but true and false. */
  flag(name: string): boolean | undefined;
  /** Throws `value` for anything but a whole number from 0. */
  whole(name: string): number | undefined;
  coding(name: string): Coding | undefined;
  /** The codings of a CodeableConcept. */
  codings(name: string): readonly Coding[] | undefined;
  resource(name: string): Resource | undefined;
}

/** Throws `structure` for a body that is no resource. A body that is no Parameters has no parameters. */
export function inputOf(call: Call): OperationInput {
  const hasBody = call.method === 'POST' && call.body !== undefined && call.body !== '';
  const body = hasBody ? resourceOf(jsonBody(call)) : undefined;
  const given = body?.resourceType === 'Parameters' ? listOf(body['parameter']) : [];
  const valuesOf = (name: string): readonly unknown[] => [
    ...given.filter((each) => each['name'] === name).map(valueOf),
    ...call.params.filter(([key, value]) => key === name && value !== '').map(([, value]) => value),
  ];
  const texts = (name: string): readonly string[] =>
    valuesOf(name).map((value) => primitiveText(value) ?? wrong(name, 'a simple value'));
  const members = (name: string): Members | undefined => {
    const [value] = valuesOf(name);
    if (value === undefined) return undefined;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : wrong(name, 'an object, which only Parameters in a body can hold');
  };
  return {
    body,
    texts,
    text: (name) => texts(name)[0],
    flag: (name) => {
      const [text] = texts(name);
      if (text === undefined) return undefined;
      return text === 'true' || (text === 'false' ? false : wrong(name, 'true or false'));
    },
    whole: (name) => {
      const [text] = texts(name);
      if (text === undefined) return undefined;
      return /^\d{1,9}$/.test(text) ? Number(text) : wrong(name, 'a whole number from 0');
    },
    coding: (name) => members(name),
    codings: (name) => {
      const concept = members(name);
      return concept && listOf(concept['coding']);
    },
    resource: (name) => {
      const value = members(name);
      return value && resourceOf(value as Parameters<typeof resourceOf>[0]);
    },
  };
}

function valueOf(parameter: Members): unknown {
  const key = Object.keys(parameter).find((name) => /^value[A-Z]/.test(name));
  return key === undefined ? parameter['resource'] : parameter[key];
}

function primitiveText(value: unknown): string | undefined {
  if (typeof value === 'boolean') return String(value);
  return textOf(value) ?? numberText(value);
}

function wrong(name: string, wanted: string): never {
  return fail('value', `The parameter ${name} takes ${wanted}`);
}

/** The same resource, which has the shape that R4 gives it; it may lack what must be. Throws `structure`, `value`. */
export function shaped(resource: Resource): Resource {
  const faults = validateResource(resource).filter(
    (issue) => isError(issue) && statusOf([issue]) === 400,
  );
  const [first, ...more] = faults;
  if (first !== undefined) throw new OutcomeError([first, ...more]);
  return resource;
}

/** Throws `parameter-missing`. */
export function missing(what: string): never {
  return fail('parameter-missing', `The operation needs ${what}`);
}
