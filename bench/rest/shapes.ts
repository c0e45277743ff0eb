import { familyName, mrn, newPatient, patientId, patientOf, transactionOf } from './patients.ts';

/** One kind of call; `n` counts up, `patients` are loaded. */
export interface RestShape {
  readonly shape: string;
  readonly request: (n: number, patients: number) => ShapeRequest;
}

export interface ShapeRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Below the FHIR base. */
  readonly path: string;
  readonly body?: object;
}

/** Numbers for what is created, beyond all that is loaded. */
const beyond = 100_000_000;

export const shapes: readonly RestShape[] = [
  { shape: 'read', request: (n, patients) => get(`/Patient/${patientId(some(n, patients))}`) },
  {
    shape: 'identifier search',
    request: (n, patients) => get(`/Patient?identifier=urn:bench:mrn%7C${mrn(some(n, patients))}`),
  },
  {
    shape: 'family search, 50 hits',
    request: (n, patients) => get(`/Patient?family=${familyName(some(n, patients))}&_count=50`),
  },
  {
    shape: 'sorted page, 20 of half',
    request: () => get('/Patient?gender=female&_sort=birthdate&_count=20'),
  },
  {
    shape: '$everything',
    request: (n, patients) => get(`/Patient/${patientId(some(n, patients))}/$everything`),
  },
  {
    shape: 'create',
    request: (n) => ({ method: 'POST', path: '/Patient', body: newPatient(beyond + n) }),
  },
  {
    shape: 'update',
    request: (n, patients) => {
      const at = some(n, patients);
      const telecom = [{ system: 'phone', value: `556-${String(n)}` }];
      const body = { ...patientOf(at), telecom };
      return { method: 'PUT', path: `/Patient/${patientId(at)}`, body };
    },
  },
  {
    shape: 'transaction, 10 resources',
    request: (n) => ({
      method: 'POST',
      path: '',
      body: transactionOf(beyond + 2 * n, beyond + 2 * n + 2),
    }),
  },
];

function get(path: string): ShapeRequest {
  return { method: 'GET', path };
}

/** Somebody else every time, all over the site. */
function some(n: number, patients: number): number {
  return (n * 7_919) % patients;
}
