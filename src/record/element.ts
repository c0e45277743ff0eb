import { isFields, type Fields } from './same.ts';

/**
 * Elements whose parts come from different fields and therefore merge part by part. Everything else
 * that is no list is one value: a Quantity with another source's unit would be a lie.
 */
const composites: ReadonlySet<string> = new Set([
  'meta',
  'period',
  'effectivePeriod',
  'occurrencePeriod',
  'performedPeriod',
  'servicedPeriod',
  'servicePeriod',
  'validityPeriod',
  'onsetPeriod',
  'hospitalization',
  'dispenseRequest',
  'substitution',
  'context',
  'restriction',
  'collection',
]);

/** The choice elements on resource level (http://hl7.org/fhir/R4/formats.html#choice). */
const choice = new RegExp(
  '^_?(abatement|asNeeded|born|created|deceased|doseNumber|effective|event|identified|medication|' +
    'module|multipleBirth|occurred|occurrence|onset|performed|product|quantity|reported|serviced|' +
    'statusReason|timing|value)' +
    '(Age|Annotation|Boolean|CodeableConcept|Date|DateTime|Decimal|Duration|Instant|Integer|Period|' +
    'Quantity|Range|Ratio|Reference|SampledData|String|Time|Timing)$',
);

/** Codes that say only that the sender does not know; they never replace what is known. */
const unknowns: Readonly<Record<string, string>> = { status: 'unknown', gender: 'unknown' };

/** Whether both values are there and the element merges part by part. */
export function isComposite(name: string, a: unknown, b: unknown): boolean {
  return composites.has(name) && isFields(a) && isFields(b);
}

/**
 * The name under which `holder` has this element: for a choice such as `valueString` this may be
 * `valueQuantity`. Undefined where it has none.
 */
export function nameIn(holder: Fields | undefined, name: string): string | undefined {
  if (holder === undefined) return undefined;
  if (holder[name] !== undefined) return name;
  const stem = choice.exec(name)?.[1];
  if (stem === undefined) return undefined;
  return Object.keys(holder).find(
    (other) =>
      !other.startsWith('_') && holder[other] !== undefined && choice.exec(other)?.[1] === stem,
  );
}

/** Whether the word `value` for the element only says that the sender does not know. */
export function saysNothing(name: string, value: unknown): boolean {
  return unknowns[name] !== undefined && unknowns[name] === value;
}
