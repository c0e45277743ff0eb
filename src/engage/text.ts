import { Liquid } from 'liquidjs';
import { DateTime } from 'luxon';
import { numberText } from '../fhir/decimal.ts';

/** A compiled template. An undefined variable is an error, never an empty place in a message. */
export interface Text {
  readonly source: string;
  render(variables: object): string;
}

const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  lenientIf: true,
  ownPropertyOnly: true,
});
engine.registerFilter('value', observationValue);
engine.registerFilter('text', conceptText);
engine.registerFilter('clock', clockText);

/** Throws liquidjs' ParseError, whose message names the tag. Plain text: nothing is escaped as HTML. */
export function compileText(source: string): Text {
  const template = engine.parse(source);
  return {
    source,
    render: (variables) =>
      String(engine.renderSync(template, variables)).replace(/\s+/g, ' ').trim(),
  };
}

/** Observation.value[x] in words, with its unit and flag: `7.1 mmol/L (HH)`. */
function observationValue(observation: unknown): string {
  const o = asRecord(observation);
  const quantity = asRecord(o['valueQuantity']);
  const value =
    joined([quantity['comparator'], scalar(quantity['value']), quantity['unit']]) ||
    firstString(o, ['valueString', 'valueDateTime', 'valueTime']) ||
    scalar(o['valueInteger'] ?? o['valueBoolean']) ||
    conceptText(o['valueCodeableConcept']) ||
    'no value';
  const flags = asList(o['interpretation']).map(flagCode).filter(Boolean);
  return flags.length > 0 ? `${value} (${flags.join(', ')})` : value;
}

/** A CodeableConcept, Coding or Reference in words. */
function conceptText(concept: unknown): string {
  const c = asRecord(Array.isArray(concept) ? concept[0] : concept);
  const coding = asRecord(asList(c['coding'])[0]);
  return firstString({ ...coding, ...c }, ['text', 'display', 'code', 'reference']);
}

/** A dateTime on the wall clock of a zone: `Saturday 7 March 2026, 09:00`. */
function clockText(value: unknown, zone: unknown): string {
  const at = DateTime.fromISO(String(value), { zone: String(zone), locale: 'en-GB' });
  if (!at.isValid) throw new Error('clock: the value is no time');
  return at.toFormat('EEEE d MMMM yyyy, HH:mm');
}

function flagCode(concept: unknown): string {
  return firstString(asRecord(asList(asRecord(concept)['coding'])[0]), ['code']);
}
function joined(parts: readonly unknown[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join(' ');
}
function scalar(value: unknown): string {
  return typeof value === 'boolean' ? String(value) : (numberText(value) ?? '');
}
function firstString(record: Record<string, unknown>, keys: readonly string[]): string {
  for (const key of keys) {
    const value = record[key];
    if (typeof value === 'string' && value !== '') return value;
  }
  return '';
}
function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
