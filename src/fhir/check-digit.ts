/**
 * Why a code cannot be one of LOINC or SNOMED CT, whose codes end with a check digit: a slip of the pen, or a spreadsheet
 * that made a date of it. Undefined where it may be one, and for every other system.
 */
export function checkDigitFault(system: string, code: string): string | undefined {
  if (system === 'http://loinc.org') return loincFault(code);
  if (system === 'http://snomed.info/sct') return snomedFault(code);
  return undefined;
}

/** https://loinc.org/kb/users-guide: mod 10 (Luhn) over the digits before the hyphen; parts and answers count otherwise. */
function loincFault(code: string): string | undefined {
  if (/^L[A-Z]\d{1,8}-\d$/.test(code)) return undefined;
  const match = /^(\d{1,8})-(\d)$/.exec(code);
  if (match === null) return 'is not of the form 2823-3';
  const [, digits = '', check = ''] = match;
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const doubled = at % 2 === 0 ? Number(digit) * 2 : Number(digit);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return (10 - (sum % 10)) % 10 === Number(check) ? undefined : 'has a wrong check digit';
}

/** Verhoeff's dihedral tables: https://confluence.ihtsdotools.org/display/DOCRELFMT/5.5+Check-digit. */
const permutation = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];

function snomedFault(code: string): string | undefined {
  if (!/^[1-9]\d{5,17}$/.test(code)) return 'is not of the form 38341003';
  const left = [...code].reverse().reduce((check, digit, at) => {
    return dihedral(check, permuted(Number(digit), at));
  }, 0);
  return left === 0 ? undefined : 'has a wrong check digit';
}

function permuted(digit: number, times: number): number {
  let value = digit;
  for (let round = 0; round < times % 8; round += 1) value = permutation[value] ?? 0;
  return value;
}

/** The product in the dihedral group of order 10. */
function dihedral(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : ((a + b) % 5) + 5;
  return b < 5 ? ((a - b + 5) % 5) + 5 : (a - b + 10) % 5;
}
