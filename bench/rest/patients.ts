/**
 * Patients with data of their own: a Patient, an Encounter, and three Observations each. Everything is a function
 * of the patient's number, so that a call can ask for what is there.
 */

/** So many patients share a family name, whatever the size: a page of 50. */
const patientsPerFamily = 50;
export const resourcesPerPatient = 5;
const codes = ['718-7', '2951-2', '8480-6'] as const;
const days = 28 * 12 * 80;

export const patientId = (n: number): string => `p${String(n)}`;
export const mrn = (n: number): string => `M${String(n).padStart(8, '0')}`;
export const familyName = (n: number): string =>
  `Family${String(Math.floor(n / patientsPerFamily))}x`;

/** A transaction with the data of patients `from` to `to`. */
export function transactionOf(from: number, to: number): object {
  const entry = [];
  for (let n = from; n < to; n++) {
    for (const resource of resourcesOf(n)) {
      const url = `${resource.resourceType}/${resource.id}`;
      entry.push({ resource, request: { method: 'PUT', url } });
    }
  }
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

/** A Patient for a create: without an id, and unlike any that is loaded. */
export function newPatient(n: number): object {
  const identifier = [{ system: 'urn:bench:new', value: mrn(n) }];
  return { ...patientOf(n), id: undefined, identifier };
}

export function patientOf(n: number) {
  const day = (n * 7919) % days;
  const month = String(1 + (day % 12)).padStart(2, '0');
  const date = String(1 + (Math.floor(day / 12) % 28)).padStart(2, '0');
  return {
    resourceType: 'Patient',
    id: patientId(n),
    identifier: [{ use: 'usual', system: 'urn:bench:mrn', value: mrn(n) }],
    active: true,
    name: [{ use: 'official', family: familyName(n), given: [`Given${String(n % 900)}`, 'B.'] }],
    telecom: [{ system: 'phone', value: `555-${mrn(n)}`, use: 'home' }],
    gender: n % 2 === 0 ? 'female' : 'male',
    birthDate: `${String(1935 + (day % 80))}-${month}-${date}`,
    address: [{ use: 'home', line: [`${String(n)} Main Street`], city: `Town${String(n % 300)}` }],
  };
}

function resourcesOf(n: number) {
  const subject = { reference: `Patient/${patientId(n)}` };
  const minute = String(n % 60).padStart(2, '0');
  const encounter = {
    resourceType: 'Encounter',
    id: `e${String(n)}`,
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject,
    period: { start: `2026-01-05T08:${minute}:00Z`, end: `2026-01-05T09:${minute}:00Z` },
  };
  const observations = codes.map((code, i) => ({
    resourceType: 'Observation',
    id: `o${String(n)}-${String(i)}`,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code, display: `Test ${code}` }] },
    subject,
    encounter: { reference: `Encounter/e${String(n)}` },
    effectiveDateTime: `2026-01-05T08:${minute}:00Z`,
    valueQuantity: {
      value: (n % 400) / 10,
      unit: 'g/dL',
      system: 'http://unitsofmeasure.org',
      code: 'g/dL',
    },
  }));
  return [patientOf(n), encounter, ...observations];
}
