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
  has(name: string): boolean;
  /** A value of a type that is written as a string. Throws `value` for another, and where it is given twice. */
  text(name: string): string | undefined;
  /** The same of a parameter that may be repeated. */
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
  const valueOnce = (name: string): unknown => {
    const [value, ...more] = valuesOf(name);
    if (more.length > 0) fail('value', `The parameter ${name} is given more than once`);
    return value;
  };
  const textAs = (name: string, value: unknown, wanted: string): string =>
    textOf(value) ?? wrong(name, wanted);
  const members = (name: string): Members | undefined => {
    const value = valueOnce(name);
    if (value === undefined) return undefined;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : wrong(name, 'an object, which only Parameters in a body can hold');
  };
  return {
    body,
    has: (name) => valuesOf(name).length > 0,
    texts: (name) => valuesOf(name).map((value) => textAs(name, value, 'text')),
    text: (name) => {
      const value = valueOnce(name);
      return value === undefined ? undefined : textAs(name, value, 'text');
    },
    flag: (name) => {
      const value = valueOnce(name);
      if (value === undefined || value === true || value === false) return value;
      return value === 'true' || (value === 'false' ? false : wrong(name, 'true or false'));
    },
    whole: (name) => {
      const value = valueOnce(name);
      if (value === undefined) return undefined;
      const text = numberText(value) ?? textAs(name, value, 'a whole number from 0');
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

/** Parameters that say one thing each in its way: only one may be given. Throws `value`. */
export function onlyOne(input: OperationInput, ...names: readonly string[]): void {
  const given = names.filter((name) => input.has(name));
  if (given.length > 1) {
    fail('value', `Of the parameters ${given.join(' and ')} only one can be given`);
  }
}

/** The address names the resource already. Throws `value` where a parameter names one too. */
export function notAtResource(input: OperationInput, ...names: readonly string[]): void {
  for (const name of names) {
    if (!input.has(name)) continue;
    fail(
      'value',
      `The address names the resource; the parameter ${name} cannot be given beside it`,
    );
  }
}
