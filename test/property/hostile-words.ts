const objectNames = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];

const nothings = ['', '""', '" "', '"', ' ', '\t', '\u00a0', '^^^', '~~~', '&&&', '""^""', '""~x'];

const numbers = ['-0', '1e999', 'NaN', '+.5', '00012', '1,5', '<5', '9'.repeat(400), '-1', '0x1F'];

const times = [
  '20260230',
  '20261301',
  '00000000',
  '0000',
  '2026',
  '202600',
  '2026010124',
  '20260101240000',
  '20260630235960',
  '99991231235959.9999+1400',
  '99991231240000',
  '20260101+9999',
  '20260101120000.123456789-0000',
  '2026-01-01T00:00:00Z',
  '00010101000000',
  '20260329023000',
];

const escapes = [
  '\\',
  '\\E\\',
  '\\F\\\\S\\\\T\\\\R\\',
  '\\X00\\',
  '\\X0D0A\\',
  '\\XD800\\',
  '\\XEDA080\\',
  '\\XZZ\\',
  '\\X1C0D\\',
  '\\.br\\\\.sp999\\',
  '\\H\\x\\N\\',
  '\\Zfoo\\',
  '\\C2842\\',
  '\\'.repeat(99),
];

const texts = [
  '\u0000',
  '\u000b',
  '\u001c',
  '\u0085\u2028',
  '\uffff',
  '\ufeff',
  '\ud83d\ude00',
  'e\u0301\u202e',
  '<script>&amp;',
  '../../etc',
  'Patient/1',
  'urn:uuid:1',
  'http://[',
  'a b|c',
  '%00',
  'x'.repeat(9_000),
  '$this',
];

/** Codes that mean something somewhere, put where they mean something else. */
const codes = ['F', 'C', 'X', 'D', 'W', 'P', 'NM', 'SN', 'CE', 'CWE', 'ED', 'RP', 'TX', 'TS', 'CX'];

/** What goes where a value was. */
export const hostileWords: readonly string[] = [
  ...objectNames,
  ...nothings,
  ...numbers,
  ...times,
  ...escapes,
  ...texts,
  ...codes,
];

export { objectNames };
