import type {
  CodeableConcept,
  Observation,
  Patient,
  Quantity,
  Reference,
} from '@medplum/fhirtypes';

/** How FHIR values read to a person. Every function answers for an absent value, with an empty text. */
export function nameOf(person: Pick<Patient, 'name'>): string {
  const name = person.name?.find(({ use }) => use === 'official') ?? person.name?.[0];
  const parts = [...(name?.given ?? []), name?.family].filter(Boolean);
  return parts.join(' ') || (name?.text ?? 'No name');
}

export function phonesOf(person: Pick<Patient, 'telecom'>): string[] {
  const phones = person.telecom?.filter(({ system }) => system === 'phone') ?? [];
  return phones.flatMap(({ value }) => value ?? []);
}

export function addressOf(person: Pick<Patient, 'address'>): string {
  const address = person.address?.[0];
  const parts = [...(address?.line ?? []), address?.city, address?.state, address?.postalCode];
  return address?.text ?? parts.filter(Boolean).join(', ');
}

export function ageOf(birthDate: string, now: Date): string {
  const [year = 0, month = 1, day = 1] = birthDate.split('-').map(Number);
  const had = now.getMonth() + 1 > month || (now.getMonth() + 1 === month && now.getDate() >= day);
  const years = now.getFullYear() - year - (had ? 0 : 1);
  return years < 2 ? 'under 2 years' : `${years} years`;
}

export function textOf(concept: CodeableConcept | undefined): string {
  const coding =
    concept?.coding?.find(({ display }) => display !== undefined) ?? concept?.coding?.[0];
  return concept?.text ?? coding?.display ?? coding?.code ?? '';
}

/** A person is called by name where the source gave one, and `patient` otherwise: the page says which one. */
export function displayOf(reference: Reference | undefined): string {
  if (reference?.display === undefined && reference?.reference?.startsWith('Patient/') === true) {
    return 'patient';
  }
  return reference?.display ?? reference?.identifier?.value ?? reference?.reference ?? '';
}

/** What an identifier's system is called: its last word, such as `MERCY` of `urn:weir:authority:MERCY`. */
export function authorityOf(system: string | undefined): string {
  return system?.split(/[:/|]/).filter(Boolean).at(-1) ?? '';
}

export function dateOf(value: string | undefined): string {
  return value?.slice(0, 10) ?? '';
}

/** In the zone the source wrote it in: care teams read the clock on their own wall. */
export function timeOf(value: string | undefined): string {
  if (value === undefined) return '';
  return value.length > 10 ? `${value.slice(0, 10)} ${value.slice(11, 16)}` : value;
}

/** An instant of the server, to the second, in UTC. */
export function secondOf(instant: string): string {
  return instant.slice(0, 19).replace('T', ' ');
}

export function valueOf(observation: Observation): string {
  return (
    quantityText(observation.valueQuantity) ??
    rangeText(observation) ??
    observation.valueString ??
    (textOf(observation.valueCodeableConcept) || timeOf(observation.valueDateTime))
  );
}

function quantityText(quantity: Quantity | undefined): string | undefined {
  if (quantity === undefined) return undefined;
  const { comparator = '', value = '', unit, code } = quantity;
  return `${comparator}${value} ${unit ?? code ?? ''}`.trim();
}

function rangeText({ valueRange, valueRatio }: Observation): string | undefined {
  if (valueRange !== undefined) {
    return `${quantityText(valueRange.low) ?? ''} to ${quantityText(valueRange.high) ?? ''}`;
  }
  if (valueRatio === undefined) return undefined;
  return `${valueRatio.numerator?.value ?? ''}:${valueRatio.denominator?.value ?? ''}`;
}

export function flagOf(observation: Observation): string {
  return (
    observation.interpretation
      ?.map((concept) => concept.coding?.[0]?.code ?? textOf(concept))
      .join(' ') ?? ''
  );
}
