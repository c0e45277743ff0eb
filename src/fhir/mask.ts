/** Keys whose texts are codes, addresses of definitions, or say which resource is meant: they tell nobody's name. */
const harmless = new Set([
  ...[
    'resourceType',
    'id',
    'reference',
    'type',
    'system',
    'code',
    'url',
    'version',
    'versionId',
    'status',
  ],
  ...[
    'lastUpdated',
    'profile',
    'source',
    'intent',
    'priority',
    'use',
    'gender',
    'unit',
    'comparator',
    'mode',
  ],
  ...[
    'period',
    'start',
    'end',
    'issued',
    'recorded',
    'date',
    'authoredOn',
    'created',
    'sent',
    'received',
  ],
  ...[
    'contentType',
    'language',
    'linkId',
    'kind',
    'criticality',
    'verificationStatus',
    'valueCode',
  ],
]);
/** Beneath these nothing is harmless but `use` and `system`: who somebody is stands there. */
const personal = new Set(['name', 'telecom', 'address', 'identifier', 'contact', 'photo', 'text']);
const birthdays = new Set(['birthDate', 'deceasedDateTime', 'multipleBirthInteger']);
const instant = /^\d{4}(-\d\d){0,2}(T[\d:.]+(Z|[+-]\d\d:\d\d)?)?$/;

/** FHIR content in which nothing says whom it is about; codes, times, references and numbers are left. */
export function maskContent(value: unknown): unknown {
  return masked(value, { key: '', within: false });
}

/** The same for an element of a resource, such as `name[0].family`. */
export function maskElement(path: string, value: unknown): unknown {
  const keys = path.split('.').map((step) => step.replace(/\[\d+\]$/, ''));
  const key = keys.at(-1) ?? '';
  return masked(value, { key, within: keys.some((each) => personal.has(each)) });
}

interface Place {
  readonly key: string;
  readonly within: boolean;
}

function masked(value: unknown, place: Place): unknown {
  const { key, within } = place;
  if (typeof value === 'string') return isHarmless(value, place) ? value : maskWords(value);
  if (typeof value === 'number') return within || birthdays.has(key) ? 0 : value;
  if (Array.isArray(value)) return value.map((each) => masked(each, place));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      masked(each, { key: name, within: within || personal.has(name) }),
    ]),
  );
}

function isHarmless(value: string, { key, within }: Place): boolean {
  if (within) return key === 'use' || key === 'system' || key === 'rank';
  if (birthdays.has(key)) return false;
  return harmless.has(key) || instant.test(value);
}

function maskWords(text: string): string {
  return text.slice(0, 200).replace(/\p{L}/gu, 'x').replace(/\p{N}/gu, '9');
}
