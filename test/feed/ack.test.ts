import { describe, expect, it } from 'vitest';
import { buildAck, type AckContent } from '../../src/feed/ack.ts';
import { errorIssue, type Issue } from '../../src/fhir/issue.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import type { Message } from '../../src/hl7v2/message.ts';
import { limits } from '../../src/limits.ts';

const now = new Date('2024-01-31T08:00:00.123Z');

function original(text: string): Message {
  const { message } = parseMessage(text);
  if (!message) throw new Error('unreachable');
  return message;
}

function ack(given: Partial<AckContent>): string[] {
  const text = buildAck({ code: 'AA', issues: [], now, controlId: 'W1', ...given });
  expect(text.endsWith('\r')).toBe(true);
  return text.slice(0, -1).split('\r');
}

const head = 'MSH|^~\\&|LAB^1.2^ISO|HOSP|WEIR|HUB|20240131||ORU^R01^ORU_R01|4\\T\\2|T|';
const tail = '\rPID|1||\rOBR|1\rOBX|1\rOBX|2\rOBX|3';
const value = errorIssue('value', 'The | is wrong', { location: 'OBX[4]-5.1' });
const required = errorIssue('required-field', 'No identifier', { location: 'PID-3' });
const remark: Issue = { code: 'unmapped-code', severity: 'warning', diagnostics: 'No row' };

describe('header', () => {
  it('swaps sender and receiver and echoes what is theirs', () => {
    expect(ack({ original: original(`${head}2.5.1||||||8859/1${tail}`) })).toEqual([
      'MSH|^~\\&|WEIR|HUB|LAB^1.2^ISO|HOSP|20240131080000.123+0000||ACK^R01^ACK|W1|T|2.5.1||||||8859/1',
      'MSA|AA|4\\T\\2',
    ]);
  });

  it('names us where the message names no receiver', () => {
    const message = original('MSH|^~\\&|LAB|||||');
    expect(ack({ original: message, application: 'CLINIC' })).toEqual([
      'MSH|^~\\&|CLINIC||LAB||20240131080000.123+0000||ACK|W1|P|2.5.1',
      'MSA|AA',
    ]);
  });

  it.each([
    ['2.1', 'ACK^R01'],
    ['2.3', 'ACK^R01'],
    ['2.3.1', 'ACK^R01^ACK'],
    ['2.8.2', 'ACK^R01^ACK'],
  ])('type in %s is %s', (version, type) => {
    expect(ack({ original: original(`${head}${version}`) })[0]).toContain(
      `||${type}|W1|T|${version}`,
    );
  });

  it('speaks with the encoding characters of the sender', () => {
    const message = original('MSH$%!?*$LAB%x$$$$20240131$$ADT%A01$7$P$2.5');
    expect(ack({ original: message, code: 'AE', issues: [errorIssue('value', 'a$b%c')] })).toEqual([
      'MSH$%!?*$WEIR$$LAB%x$$20240131080000.123+0000$$ACK%A01%ACK$W1$P$2.5',
      'MSA$AE$7$a?F?b?S?c',
      'ERR$$$102%Data type error%HL70357$E$value$$$a?F?b?S?c',
    ]);
  });

  it('is a default one where there was no MSH', () => {
    const issues = [errorIssue('syntax-hl7', 'The message does not begin with MSH')];
    expect(ack({ code: 'AR', issues })).toEqual([
      'MSH|^~\\&|WEIR||||20240131080000.123+0000||ACK|W1|P|2.5.1',
      'MSA|AR||The message does not begin with MSH',
      'ERR|||100^Segment sequence error^HL70357|E|syntax-hl7|||The message does not begin with MSH',
    ]);
  });
});

describe('issues', () => {
  const issues = [value, required, remark];

  it('from v2.5 on: one ERR each, with place, code and severity', () => {
    const message = original(`${head}2.5.1${tail}`);
    expect(ack({ original: message, code: 'AE', issues }).slice(1)).toEqual([
      'MSA|AE|4\\T\\2|The \\F\\ is wrong',
      'ERR||OBX^2^5^1^1|102^Data type error^HL70357|E|value|||The \\F\\ is wrong',
      'ERR||PID^1^3|101^Required field missing^HL70357|E|required-field|||No identifier',
      'ERR|||103^Table value not found^HL70357|W|unmapped-code|||No row',
    ]);
  });

  it.each(['2.1', '2.3', '2.4'])('in %s: one ERR with the errors in ERR-1', (version) => {
    const message = original(`${head}${version}${tail}`);
    expect(ack({ original: message, code: 'AE', issues }).slice(1)).toEqual([
      'MSA|AE|4\\T\\2|The \\F\\ is wrong',
      'ERR|OBX^2^5^102&Data type error&HL70357~PID^1^3^101&Required field missing&HL70357',
    ]);
    expect(ack({ original: message, issues: [remark] })).toHaveLength(2);
  });

  it('from v2.7 on MSA-3 is gone', () => {
    const message = original(`${head}2.8${tail}`);
    expect(ack({ original: message, code: 'AE', issues })[1]).toBe('MSA|AE|4\\T\\2');
  });

  it.each([
    ['PID', 'PID^1'],
    ['OBX[5]', 'OBX^3'],
    ['PID-3[2]', 'PID^1^3^3'],
    ['PID-3[1].4.2', 'PID^1^3^2^4^2'],
    ['not a place', ''],
  ])('the place %s is %s', (location, expected) => {
    const message = original(`${head}2.5.1${tail}`);
    const lines = ack({ original: message, code: 'AE', issues: [{ ...value, location }] });
    expect(lines[2]?.split('|')[2]).toBe(expected);
  });

  it('are bounded, and can be read back', () => {
    const many = Array.from({ length: 1_000 }, () => value);
    const lines = ack({ original: original(`${head}2.5.1${tail}`), code: 'AE', issues: many });
    expect(lines).toHaveLength(2 + limits.ackIssuesMax);
    const { message } = parseMessage(lines.join('\r'));
    expect(message?.segment('ERR')?.field(8).text).toBe('The | is wrong');
    expect(message?.segment('MSA')?.field(2).text).toBe('4&2');
  });
});
