import { componentDefinition } from '../../hl7v2/dictionary.ts';

/** What a value of a primitive type looks like in a probe. */
const primitives: Readonly<Record<string, string>> = {
  NM: '7',
  SI: '1',
  SNM: '5',
  DT: '20260102',
  DTM: '20260105060708+0000',
  TS: '20260102030405+0000',
  TM: '0304',
  ID: 'Y',
  IS: 'C1',
};

/** Values of composite types in which each part is plausible; others are made of their components. */
const composites: Readonly<Record<string, string>> = {
  CX: '7007^^^HOSP&1.2.9&ISO^MR',
  EI: 'E7^HOSP^1.2.9^ISO',
  EIP: 'E7&HOSP^F7&LAB',
  HD: 'HOSP^1.2.9^ISO',
  XPN: 'Miller^Eve^M^^^^L',
  XCN: '9009^Miller^Eve^M^^^^^HOSP&1.2.9&ISO',
  CNN: '9009^Miller^Eve',
  PPN: '9009^Miller^Eve',
  NDL: '9009&Miller&Eve',
  XON: 'Clinic^^^^^HOSP&1.2.9&ISO^XX^^^C77',
  XAD: 'Street 7&Street^^Town^ST^77^USA^H',
  SAD: 'Street 7',
  XTN: '^PRN^PH^a@example.org^1^555^7777',
  PL: 'W7^107^7^HOSP^^N^B7^F7^Ward seven',
  DLD: 'D7^20260102',
  DLN: 'L7^ST^20270101',
  PLN: 'N7^UPIN^^20270101',
  CWE: 'C7^Seven^L^D7^Alternate^99ALT^1^2^Text seven^E7^Third^99THIRD^3',
  CE: 'C7^Seven^L^D7^Alternate^99ALT',
  CNE: 'C7^Seven^L^D7^Alternate^99ALT^1^2^Text seven^E7^Third^99THIRD^3',
  CF: 'C7^Seven^L^D7^Alternate^99ALT^1^2^Text seven^E7^Third^99THIRD^3',
  CQ: '7^mg&milligram&UCUM',
  DR: '20260102^20260103',
  SN: '^10',
  NR: '1^9',
  NA: '1^2^3^4',
  VR: '1^9',
  ED: '^application^pdf^Base64^QUJD',
  RP: 'http://example.org/7.pdf^^application^pdf',
  MSG: 'ADT^A01^ADT_A01',
  PT: 'P^T',
  FC: 'C7',
  OG: 'O7^1^2^I7',
  RPT: 'PRN^^^^7^d',
  RI: 'BID^0800',
  TQ: '7^BID^D5^20260102030405+0000^20260103030405+0000^R^^Instruct^^^^3',
  SPS: 'BLD^HEPL^Note seven^LA',
  FN: 'Miller',
  JCC: 'J7',
  MO: '7^USD',
};

/** Fields and components that take no other code than their table's, or no other unit than of UCUM. */
export const fieldSamples: Readonly<Record<string, string>> = {
  'RXO-4': 'mg^milligram^UCUM',
  'RXO-12': 'mg^milligram^UCUM',
  'OBX-4': 'O7^1^2^I7',
  'OBX-6': 'mg^milligram^UCUM',
  'RXA-7': 'mL^milliliter^UCUM',
  'TXA-17': 'AU',
  'TXA-19': 'AV',
  'IAM-17': 'I',
  'AIP-12': 'CANCELLED',
  'AIS-4': '20260106070809+0000',
  'TQ1-5': '5^min',
  'TQ1-6': '5^d',
  'TQ1-13': '5^min',
  'TXA-3': 'AP',
};

/** Components that are words of their own kind. */
const components: Readonly<Record<string, string>> = { 'SN.1': '>', 'TQ.2': 'BID', 'TQ.3': 'D5', 'TQ.2.2': '0800' };

/** An example of a value of a v2 data type, undecoded, with the standard separators. */
export function sampleValue(v2Type: string): string {
  return composites[v2Type] ?? primitives[v2Type] ?? 'Text7';
}

/** An example of a component or subcomponent: without separators below its own level. */
export function sampleComponent(v2Type: string, path: readonly number[]): string {
  const own = components[`${v2Type}.${path.join('.')}`];
  if (own !== undefined) return own;
  let type = v2Type;
  for (const number of path) type = componentDefinition(type, number)?.dataType ?? 'ST';
  const value = sampleValue(type);
  if (path.length > 1) return value.replace(/[\^&].*$/, '') || 'Text7';
  return value.replaceAll('&', ' ').replaceAll('^', '&').replace(/ .*$/, '');
}
