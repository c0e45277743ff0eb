/**
 * R4's constraints of severity error as code, for the resources that are written all day. A constraint that is not
 * here, or whose answer is not plain, is left to the FHIRPath engine of the base (validate-base.ts).
 */
import { listOf } from './code-system.ts';
import type { TypeDefinition } from './definitions.ts';
import type { Members } from './fault.ts';

/** Whether a value surely meets a constraint; its members are known to be right and not empty. */
export type QuickRule = (value: Members) => boolean;

/** The base does not ask for these: `validateResource` of @medplum/core passes over them. */
const notAsked: ReadonlySet<string> = new Set(['ele-1', 'dom-3', 'org-1', 'sdf-19']);

/** The constraints of these keys in a type; undefined where one of them is not code. */
export function quickRules(
  type: TypeDefinition,
  keys: readonly string[],
): readonly QuickRule[] | undefined {
  const rules: QuickRule[] = [];
  for (const key of keys) {
    if (type.rules.get(key)?.severity !== 'error' || notAsked.has(key)) continue;
    const rule = domainRules[key] ?? typeRules[`${type.name} ${key}`];
    if (rule === undefined) return undefined;
    rules.push(rule);
  }
  return rules;
}

/**
 * Whether no constraint of a type looks at a single element. Others may count one that has an extension and no value
 * as there, which the code here does not.
 */
export function hasDomainRulesAlone({ kind, rules }: TypeDefinition): boolean {
  if (kind !== 'resource') return false;
  return [...rules].every(
    ([key, { severity }]) =>
      severity !== 'error' ||
      notAsked.has(key) ||
      domainRules[key] !== undefined ||
      key === 'ext-1',
  );
}

function has(value: Members, ...names: readonly string[]): boolean {
  return names.some((name) => value[name] !== undefined);
}

function none(value: Members, ...names: readonly string[]): boolean {
  return !has(value, ...names);
}

/** Whether there is a value of a choice: `valueString` for `value`. */
function hasChoice(value: Members, name: string): boolean {
  return Object.keys(value).some(
    (key) => key.startsWith(name) && /^[A-Z]/.test(key.slice(name.length)) && has(value, key),
  );
}

function hasCode(concept: unknown, system: string, ...codes: readonly string[]): boolean {
  const { coding } = (concept ?? {}) as Members;
  return listOf(coding).some(
    (one) => one['system'] === system && codes.includes(one['code'] as string),
  );
}

function isOneOf(value: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(value as string);
}

/** Two times in one form and zone are in order as texts; of others the base knows. */
function isSurelyInOrder(earlier: unknown, later: unknown): boolean {
  if (earlier === undefined || later === undefined) return true;
  if (typeof earlier !== 'string' || typeof later !== 'string') return false;
  const isAlike = earlier.length === later.length && earlier.slice(19) === later.slice(19);
  return isAlike && earlier <= later;
}

/** A number with a text of its own (`1.0`) is for the base. */
function isSurelyNatural(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && value >= 0);
}

const terminology = 'http://terminology.hl7.org/CodeSystem';

/** Of every resource that can contain others. */
const domainRules: Readonly<Record<string, QuickRule>> = {
  'dom-2': ({ contained }) => listOf(contained).every((one) => none(one, 'contained')),
  'dom-4': ({ contained }) =>
    listOf(contained).every(({ meta }) =>
      none((meta ?? {}) as Members, 'versionId', 'lastUpdated'),
    ),
  'dom-5': ({ contained }) =>
    listOf(contained).every(({ meta }) => none((meta ?? {}) as Members, 'security')),
};

/** By type and key. */
const typeRules: Readonly<Record<string, QuickRule>> = {
  'AllergyIntolerance ait-1': (it) =>
    has(it, 'clinicalStatus') ||
    hasCode(
      it['verificationStatus'],
      `${terminology}/allergyintolerance-verification`,
      'entered-in-error',
    ),
  'AllergyIntolerance ait-2': (it) =>
    none(it, 'clinicalStatus') ||
    !hasCode(
      it['verificationStatus'],
      `${terminology}/allergyintolerance-verification`,
      'entered-in-error',
    ),
  'Appointment app-1': (it) => has(it, 'type', 'actor'),
  'Appointment app-2': (it) => has(it, 'start') === has(it, 'end'),
  'Appointment app-3': (it) =>
    (has(it, 'start') && has(it, 'end')) ||
    isOneOf(it['status'], 'proposed', 'cancelled', 'waitlist'),
  'Appointment app-4': (it) =>
    none(it, 'cancelationReason') || isOneOf(it['status'], 'noshow', 'cancelled'),
  'AppointmentResponse apr-1': (it) => has(it, 'participantType', 'actor'),
  'AuditEvent sev-1': (it) => none(it, 'name') || none(it, 'query'),
  'CarePlan cpl-3': (it) => none(it, 'detail') || none(it, 'reference'),
  'CareTeam ctm-1': (it) => none(it, 'onBehalfOf'),
  'Composition cmp-1': (it) => has(it, 'text', 'entry', 'section'),
  'Composition cmp-2': (it) => none(it, 'emptyReason') || none(it, 'entry'),
  'Condition con-1': (it) => has(it, 'summary', 'assessment'),
  'Condition con-2': (it) => has(it, 'code', 'detail'),
  'Condition con-4': (it) =>
    !hasChoice(it, 'abatement') ||
    hasCode(
      it['clinicalStatus'],
      `${terminology}/condition-clinical`,
      'resolved',
      'remission',
      'inactive',
    ),
  'Condition con-5': (it) =>
    none(it, 'clinicalStatus') ||
    !hasCode(it['verificationStatus'], `${terminology}/condition-ver-status`, 'entered-in-error'),
  'Consent ppc-1': (it) => has(it, 'policy', 'policyRule'),
  'Consent ppc-2': (it) => has(it, 'patient'),
  'Consent ppc-3': (it) => has(it, 'patient'),
  'Consent ppc-4': (it) => has(it, 'patient'),
  'Consent ppc-5': (it) => has(it, 'patient'),
  'FamilyMemberHistory fhs-1': (it) => !hasChoice(it, 'age') || !hasChoice(it, 'born'),
  'FamilyMemberHistory fhs-2': (it) => none(it, 'estimatedAge') || hasChoice(it, 'age'),
  'Goal gol-1': (it) => !hasChoice(it, 'detail') || has(it, 'measure'),
  'Group grp-1': (it) => none(it, 'member') || it['actual'] === true,
  'Immunization imm-1': (it) => has(it, 'documentType', 'reference'),
  'ImmunizationRecommendation imr-1': (it) => has(it, 'vaccineCode', 'targetDisease'),
  'List lst-1': (it) => none(it, 'emptyReason') || none(it, 'entry'),
  'List lst-2': (it) =>
    it['mode'] === 'changes' || listOf(it['entry']).every((one) => none(one, 'deleted')),
  'List lst-3': (it) =>
    it['mode'] === 'working' || listOf(it['entry']).every((one) => none(one, 'date')),
  'MedicationAdministration mad-1': (it) => has(it, 'dose') || hasChoice(it, 'rate'),
  'MedicationDispense mdd-1': (it) => isSurelyInOrder(it['whenPrepared'], it['whenHandedOver']),
  'Observation obs-3': (it) => has(it, 'low', 'high', 'text'),
  'Observation obs-6': (it) => none(it, 'dataAbsentReason') || !hasChoice(it, 'value'),
  'Observation obs-7': (it) => none(it, 'component') || !hasChoice(it, 'value'),
  'Organization org-2': (it) => it['use'] !== 'home',
  'Organization org-3': (it) => it['use'] !== 'home',
  'Patient pat-1': (it) => has(it, 'name', 'telecom', 'address', 'organization'),
  'QuestionnaireResponse qrs-1': (it) => none(it, 'answer') || none(it, 'item'),
  'RequestGroup rqg-1': (it) => has(it, 'resource') !== has(it, 'action'),
  'ServiceRequest prr-1': (it) => none(it, 'orderDetail') || has(it, 'code'),
  'Task inv-1': (it) => isSurelyInOrder(it['authoredOn'], it['lastModified']),
  'Timing tim-1': (it) => none(it, 'duration') || has(it, 'durationUnit'),
  'Timing tim-2': (it) => none(it, 'period') || has(it, 'periodUnit'),
  'Timing tim-4': (it) => isSurelyNatural(it['duration']),
  'Timing tim-5': (it) => isSurelyNatural(it['period']),
  'Timing tim-6': (it) => none(it, 'periodMax') || has(it, 'period'),
  'Timing tim-7': (it) => none(it, 'durationMax') || has(it, 'duration'),
  'Timing tim-8': (it) => none(it, 'countMax') || has(it, 'count'),
  'Timing tim-9': (it) => none(it, 'offset'),
  'Timing tim-10': (it) => none(it, 'timeOfDay') || none(it, 'when'),
  'ValueSet vsd-1': (it) => has(it, 'valueSet', 'system'),
  'ValueSet vsd-2': (it) => none(it, 'concept', 'filter') || has(it, 'system'),
  'ValueSet vsd-3': (it) => none(it, 'concept') || none(it, 'filter'),
};
