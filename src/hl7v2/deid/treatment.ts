import { componentDefinition } from '../dictionary.ts';
import { coded, headers, secret } from '../mask.ts';
import type { PseudonymKind } from './pseudonym.ts';

/**
 * What becomes of one leaf of a message: replaced, shifted, dropped (`text`, `document`), kept, or kept where it looks like
 * what it should be (`code`, `result`, `display`).
 */
export type Treatment =
  PseudonymKind | 'date' | 'birth' | 'text' | 'document' | 'keep' | 'code' | 'result' | 'display';

/** Fields whose type does not say what they hold. */
const fields: Readonly<Record<string, Treatment>> = {
  ...{ 'MSH-7': 'date', 'MSH-10': 'identifier', 'MSH-24': 'string', 'MSH-25': 'string' },
  ...{
    'MSA-2': 'identifier',
    'FHS-7': 'date',
    'BHS-7': 'date',
    'FHS-9': 'string',
    'BHS-9': 'string',
  },
  ...{
    'FHS-11': 'identifier',
    'FHS-12': 'identifier',
    'BHS-11': 'identifier',
    'BHS-12': 'identifier',
  },
  ...{ 'SFT-6': 'date', 'QPD-2': 'identifier', 'QAK-1': 'identifier', 'QRD-4': 'identifier' },
  ...{ 'PID-7': 'birth', 'NK1-16': 'birth', 'GT1-8': 'birth', 'IN1-18': 'birth', 'STF-6': 'birth' },
  ...{ 'PID-12': 'address', 'PID-23': 'address', 'PID-19': 'identifier' },
  // The part of a result, what is normal, and units, which many senders write without a code.
  ...{ 'OBX-4': 'keep', 'OBX-7': 'result', 'OBX-6': 'display', 'ARQ-12': 'code' },
  ...{ 'RXA-7': 'display', 'RXD-5': 'display', 'RXE-5': 'display', 'RXO-4': 'display' },
};

/** Types by component: what differs from its own type. 0 is every component that is not named. */
const components: Readonly<Record<string, Readonly<Record<number, Treatment>>>> = {
  CX: { 1: 'identifier', 2: 'identifier' },
  EI: { 0: 'keep', 1: 'identifier' },
  HD: { 0: 'keep' },
  SN: { 0: 'keep' },
  CQ: { 0: 'display' },
  // How often and how long, in words of their own: Q6H, D7.
  TQ: { 3: 'code', 6: 'code' },
  RI: { 1: 'code', 2: 'code' },
  DLN: { 1: 'identifier', 2: 'address' },
  XON: { 1: 'name', 3: 'identifier', 4: 'identifier', 10: 'identifier' },
  XTN: {
    0: 'phone',
    2: 'keep',
    3: 'keep',
    5: 'keep',
    13: 'date',
    14: 'date',
    15: 'code',
    16: 'code',
    18: 'keep',
  },
  XAD: {
    0: 'address',
    6: 'keep',
    7: 'keep',
    11: 'keep',
    13: 'date',
    14: 'date',
    15: 'code',
    16: 'keep',
    17: 'keep',
  },
  AD: { 0: 'address', 6: 'keep', 7: 'keep' },
  SAD: { 0: 'address' },
  FN: { 0: 'name' },
  PN: { 0: 'name' },
  XCN: { 1: 'identifier', 11: 'identifier' },
  CN: { 1: 'identifier' },
  CNN: { 1: 'identifier' },
  PPN: { 1: 'identifier', 11: 'identifier' },
  ED: { 0: 'keep', 5: 'document' },
  RP: { 0: 'keep', 1: 'identifier' },
  // Which part of which earlier result: OBX-3, OBX-4 and OBX-5 of that.
  PRL: { 2: 'keep', 3: 'display' },
};

const primitives: Readonly<Record<string, Treatment>> = {
  ...{ ID: 'code', IS: 'code', SI: 'keep', NM: 'keep', TM: 'keep' },
  ...{ DT: 'date', DTM: 'date', TS: 'date', TX: 'text', FT: 'text', ST: 'string', TN: 'phone' },
};

/** What becomes of a whole field, where that does not depend on its type. Undefined: by its type. */
export function fieldTreatment(segment: string, field: number): Treatment | undefined {
  const own = fields[`${segment}-${String(field)}`];
  if (own !== undefined) return own;
  if (segment === 'QPD' && field > 2) return 'string';
  if (!headers.has(segment)) return undefined;
  return secret[segment]?.includes(field) === true ? 'text' : 'keep';
}

/** What becomes of a value of a primitive type, or of one that nobody knows. */
export function primitiveTreatment(type: string): Treatment {
  return primitives[type] ?? 'string';
}

/** A component of a type: what becomes of it, or the type by which that is told. */
export function componentTreatment(
  type: string,
  number: number,
  version: string,
): { readonly treatment: Treatment } | { readonly treatment?: undefined; readonly type: string } {
  if (coded.has(type)) return { treatment: codedTreatment(number) };
  const own = Object.hasOwn(components, type) ? components[type] : undefined;
  const treatment = own?.[number] ?? own?.[0];
  if (treatment !== undefined) return { treatment };
  const definition =
    componentDefinition(type, number, version) ?? componentDefinition(type, number);
  const inner = definition?.dataType ?? '';
  if (namesOfPeople.has(type) && !besideNames.has(inner)) return { treatment: 'name' };
  return { type: inner };
}

const namesOfPeople: ReadonlySet<string> = new Set(['XPN', 'XCN', 'CN', 'CNN', 'PPN']);
/** What their components are that say how a name is used, and since when. */
const besideNames: ReadonlySet<string> = new Set([
  ...['ID', 'IS', 'HD', 'CE', 'CWE', 'DR', 'TS', 'DTM', 'DT'],
]);

/** Whether a type has components. */
export function isComposed(type: string): boolean {
  return coded.has(type) || componentDefinition(type, 1) !== undefined;
}

/** CWE: codes in 1, 4, 10, what they mean beside them, free text in 9. */
function codedTreatment(number: number): Treatment {
  if (number === 2 || number === 5 || number === 11) return 'display';
  if (number === 9) return 'text';
  return number === 1 || number === 4 || number === 10 ? 'code' : 'keep';
}
