import type { Json } from '../../fhir/resource.ts';
import { canonicalUnit, ucumSystem as ucum } from '../../fhir/ucum.ts';
import type { Element } from '../../hl7v2/message.ts';
import { codeSystemUri } from './coding-system.ts';
import { partCode, partText, type Conversion } from './convert.ts';

/** Units as laboratories write them, and their UCUM code (https://ucum.org, case-sensitive form). */
const ucumByText: ReadonlyMap<string, string> = new Map(
  [
    '% | percent',
    'g/dL | g/dl | gm/dL | gm/dl',
    'g/L | g/l',
    'mg/dL | mg/dl',
    'mg/L | mg/l',
    'ug/dL | ug/dl | mcg/dL | µg/dL',
    'ug/L | ug/l | mcg/L | µg/L',
    'ug/mL | mcg/mL | µg/mL',
    'ng/mL | ng/ml',
    'ng/dL | ng/dl',
    'pg/mL | pg/ml',
    'mmol/L | mmol/l',
    'umol/L | umol/l | µmol/L',
    'nmol/L | nmol/l',
    'pmol/L | pmol/l',
    'meq/L | mEq/L | meq/l | MEQ/L',
    'U/L | u/l | U/l',
    '[iU]/L | IU/L | iu/l | [IU]/L',
    'm[iU]/L | mIU/L | mU/L',
    'u[iU]/mL | uIU/mL | µIU/mL | uU/mL',
    'm[iU]/mL | mIU/mL',
    'k[iU]/L | kIU/L',
    '10*3/uL | K/uL | k/ul | 10^3/uL | 10*3/ul | x10^3/uL | THOU/uL | K/mm3 | 10*3/mm3 | x10(3)/uL | thou/mcL',
    '10*6/uL | M/uL | m/ul | 10^6/uL | 10*6/ul | x10^6/uL | MILL/uL | x10(6)/uL',
    '10*9/L | 10^9/L | x10^9/L | 10*9/l | G/L | x10(9)/L',
    '10*12/L | 10^12/L | x10^12/L | 10*12/l | T/L',
    '/uL | cells/uL | /mm3',
    '/[HPF] | /HPF | /hpf',
    '/[LPF] | /LPF | /lpf',
    'fL | fl',
    'pg',
    'mm[Hg] | mmHg | mm Hg | mm(hg)',
    'mm/h | mm/hr',
    '/min | bpm | beats/min | breaths/min | {beats}/min',
    'Cel | C | degC | deg C | °C',
    '[degF] | F | degF | deg F | °F',
    'kg | KG',
    'g | gm',
    'mg | MG',
    'ug | mcg | µg | MCG',
    'ng',
    '[lb_av] | lb | lbs',
    '[oz_av] | oz',
    'cm | CM',
    'mm',
    'm',
    '[in_i] | in | inch | inches',
    'L | l',
    'mL | ml | ML | cc',
    'uL | ul | µL',
    'kg/m2 | kg/m^2',
    'm2',
    'mL/min | ml/min',
    'mL/min/{1.73_m2} | mL/min/1.73m2 | mL/min/1.73 m2 | ml/min/1.73m2 | mL/min/1.73 m*2',
    'mL/h | ml/hr | mL/hr',
    's | sec',
    'min | minutes | minute',
    'h | hr | hrs | hour | hours',
    'd | day | days',
    'wk | week | weeks',
    'mo | month | months',
    'a | yr | year | years',
    'mosm/kg | mOsm/kg | mOsmol/kg',
    'ratio | {ratio}',
    '[pH] | pH',
    'mg/g | mg/g creat',
    'ug/mg',
    '[iU] | IU | iu',
    'U',
    'meq | mEq',
    'mmol',
    '{INR} | INR',
    '{score}',
  ].flatMap((line) => {
    const [code = '', ...texts] = line.split(' | ');
    return [code, ...texts].map((text): [string, string] => [text, code]);
  }),
);

/** Unit, code and system of a Quantity: UCUM where it is known, else what was said as text. */
export function unitOf(
  element: Element | undefined,
  conversion: Conversion,
): Readonly<Record<string, Json | undefined>> {
  if (element?.state !== 'value') return {};
  const code = partCode(element, 1);
  const display = partText(element, 2);
  const systemName = partText(element, 3);
  if (code === '') return unitText(display || partText(element, 9));
  const unit = display || code;
  const known = ucumByText.get(code);
  const system =
    systemName === '' ? '' : codeSystemUri(systemName, conversion.message.localAuthority);
  if (system === ucum && known === undefined) {
    // Many senders say UCUM of their own spellings.
    return canonicalUnit(code) === undefined ? unitText(unit) : { unit, system, code };
  }
  if (known !== undefined) return { unit, system: ucum, code: known };
  if (system !== '' && !system.startsWith('urn:weir:')) return { unit, system, code };
  return unitText(unit);
}

/** Unit, code and system of a plain text. */
export function unitText(text: string): Readonly<Record<string, Json | undefined>> {
  if (text === '') return {};
  const known = ucumByText.get(text);
  return known === undefined ? { unit: text } : { unit: text, system: ucum, code: known };
}
