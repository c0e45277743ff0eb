import { describe, expect, it } from 'vitest';
import {
  normalizeCondition,
  readCondition,
  type GuideCondition,
} from '../../../src/mapping/coverage/guide-condition.ts';

/** A condition as one line, for the table. */
function shown(condition: GuideCondition): string {
  if (condition.kind !== 'test') return `(${condition.parts.map(shown).join(` ${condition.kind} `)})`;
  const { of, test } = condition;
  const [field, ...rest] = of.path;
  const reference = of.name + (field === undefined ? '' : `-${[field, ...rest].join('.')}`);
  if (test.kind === 'in' || test.kind === 'not in') return `${reference} ${test.kind} ${test.values.join(',')}`;
  if (test.kind === 'count' || test.kind === 'length') {
    return `${test.kind} ${reference} ${test.compare} ${String(test.number)}`;
  }
  return `${reference} ${test.kind}`;
}

/** Each way of writing that the guide's sheets have, once. */
const table: readonly (readonly [guide: string, meaning: string])[] = [
  ['IF OBR-8 NOT VALUED', 'OBR-8 empty'],
  ['IF OBX-25 VALUED', 'OBX-25 valued'],
  ['IF PV1-20 VALUE', 'PV1-20 valued'],
  ['IF TQ1-6 NOT VAlUED', 'TQ1-6 empty'],
  ['IF XON.10 is valued', 'XON-10 valued'],
  ['If CWE.2 IS NOT VALUED', 'CWE-2 empty'],
  ['IF TQ1-3.9 IS EMPTY', 'TQ1-3.9 empty'],
  ['IF XCN.19 DOES NOT EXIST AND IF XCN.20 DOES NOT EXIST', '(XCN-19 empty and XCN-20 empty)'],
  ['IF HD.1 NOT VALUED AND IF HD-3 = "ISO"', '(HD-1 empty and HD-3 in ISO)'],
  ['IF OBX-2="ED"', 'OBX-2 in ED'],
  ['IF OBX-2 EQUALS "SN" AND OBX-5.1  NOT EQUALS "<>" AND OBX-5.3 IN (":", "/")', '(OBX-2 in SN and OBX-5.1 not in <> and OBX-5.3 in :,/)'],
  ['IF NOT EQUAL TO "="', 'SN-1 not in ='],
  ["IF IN1-17 IS 'patient'", 'IN1-17 in patient'],
  ["IF IN1-17 IS NOT 'patient'", 'IN1-17 not in patient'],
  ['IF EVN-4 NOT "U"', 'EVN-4 not in U'],
  ['IF IAM-15 VALUED AND NOT "SEL"', '(IAM-15 valued and IAM-15 not in SEL)'],
  ['IF NOT VALUED', 'SN-1 empty'],
  ['IF NOT VALUED OR NOT IN ("ISO", "UUID", "DNS", "URI")', '(SN-1 empty or SN-1 not in ISO,UUID,DNS,URI)'],
  ['IF PRT-4 IS IN ("AD", "AP")', 'PRT-4 in AD,AP'],
  ['IF OBR-11 NOT IN ("G","A")', 'OBR-11 not in G,A'],
  ['IF PID-33 AND PID-34 VALUED', '(PID-33 valued and PID-34 valued)'],
  ['IF PRT-5 AND PRT-6 AREA NOT VALUED ', '(PRT-5 empty and PRT-6 empty)'],
  ['IF PRT-5 OR PRT-6 IS VALUED ', '(PRT-5 valued or PRT-6 valued)'],
  ['IF SCH-26 or SCH-27 VALUED', '(SCH-26 valued or SCH-27 valued)'],
  ['IF PL.8 VALUED AND PL.1 NOT VALUED AND PL.2 NOT VALUED AND PL3.NOT VALUED', '(PL-8 valued and PL-1 empty and PL-2 empty and PL-3 empty)'],
  ['IF OBX-33 COUNT>1', 'count OBX-33 GT 1'],
  ['IF OBX-33 COUNT=1', 'count OBX-33 EQ 1'],
  ['IF OBX-5 LST.count LESS THAN OR EQUALS 1 OR OBX-2 IS "NA"', '(count OBX-5 LE 1 or OBX-2 in NA)'],
  ['IF PID-11 LST.COUNT EQUALS 1 AND PID-11.9 IS NOT VALUED', '(count PID-11 EQ 1 and PID-11.9 empty)'],
  ['IF PID-7 LENGTH GREATER THAN 8', 'length PID-7 GT 8'],
  ['IF EVN-5 NOT VALUED AND (MSH-22 IS VALUED OR MSH-4 IS VALUED)', '(EVN-5 empty and (MSH-22 valued or MSH-4 valued))'],
  ['IF RXO-2 IS VALUED AND (IF RXO-4.1 IS VALUED OR RXO-4.3 IS VALUED)', '(RXO-2 valued and (RXO-4.1 valued or RXO-4.3 valued))'],
  ['IF HD.2 NOT VALUED AND (HD-3 NOT IN ("ISO", "UUID"))', '(HD-2 empty and HD-3 not in ISO,UUID)'],
  ['IF CX.4 IN http://example.org/registry.html', 'CX-4 in http://example.org/registry.html'],
  ['IF PID NOT VALUED', 'PID empty'],
  ['IF ORC.1 IS "NW"', 'ORC-1 in NW'],
  ['IF A AND B', ''],
  ['IF PRT-2 IS IN ("A", "S", "U", X")', ''],
  ['IF (OBX-2 EQUALS "SN"  AND OBX-5.1  EQUALS "<>"', ''],
  ['IF XCN.19 NOT VALUED XCN.20 NOT VALUED', ''],
  ['ic', ''],
];

describe("a condition of HL7's guide", () => {
  it.each(table)('%s', (guide, meaning) => {
    const read = readCondition(guide, { name: 'SN', path: [1] });
    expect(read ? shown(read.condition) : '').toBe(meaning);
  });

  it('that stops the message says so', () => {
    expect(readCondition('IF OBR-25 NOT VALUED ERROR')?.isError).toBe(true);
    expect(readCondition('IF OBR-25 NOT VALUED')?.isError).toBe(false);
  });

  it('binds AND before OR', () => {
    const read = readCondition('PID-1 VALUED OR PID-2 VALUED AND PID-3 VALUED');
    expect(read && shown(read.condition)).toBe('(PID-1 valued or (PID-2 valued and PID-3 valued))');
  });

  it('keeps what is quoted as it is', () => {
    expect(normalizeCondition('IF PID-8 IS "if = or"')).toBe('PID-8 EQ "if = or"');
  });
});
