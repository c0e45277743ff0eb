import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskMessage, maskText } from '../../src/hl7v2/mask.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';

const header = 'MSH|^~\\&|EHR|MERCY|W|H|20260501|secret|ORU^R01|C1|P|2.5.1';

function masked(...segments: string[]): string[] {
  const { message } = parseMessage(`${[header, ...segments].join('\r')}\r`);
  if (message === undefined) throw new Error('not a message');
  return maskMessage(message).split('\r').slice(1, -1);
}

describe('a masked message', () => {
  it.each([
    [
      'PID|1||M1^^^MERCY^MR~x2||Doe^Jane^Q||19800214|F',
      'PID|1||x9^^^xxxxx^xx~x9||xxx^xxxx^x||99999999|F',
    ],
    ['PID|1||""||Doe\\T\\Sons^""', 'PID|1||""||xxxxxxxx^""'],
    ['PID|1||||||19800214|F||2106-3^White', 'PID|1||||||99999999|F||2106-3^White'],
    [
      'NK1|1|Doe^John|SPO^Spouse|1 Main St^^Rome||+39 06 555',
      'NK1|1|xxx^xxxx|SPO^Spouse|9 xxxx xx^^xxxx||+99 99 999',
    ],
    ['OBX|1|NM|GLU^Glucose||5.4|mmol/L|||||F', 'OBX|1|NM|GLU^Glucose||5.4|mmol/L|||||F'],
    ['OBX|1|TX|N^Note||Jane was seen||||||F', 'OBX|1|TX|N^Note||xxxx xxx xxxx||||||F'],
    ['OBX|1|XPN|N||Doe^Jane', 'OBX|1|XPN|N||xxx^xxxx'],
    ['OBX|1|CWE|N||POS^Positive', 'OBX|1|CWE|N||POS^Positive'],
    ['OBX|1|CWE|N||^as told by Jane', 'OBX|1|CWE|N||^xx xxxx xx xxxx'],
    ['OBX|1||N||Jane', 'OBX|1||N||xxxx'],
    ['NTE|1||call Jane 555-1', 'NTE|1||xxxx xxxx 999-9'],
    [
      'ORC|RE|P7^EHR|F7^LAB||||||20260501|||77^House^Gregory',
      'ORC|RE|P7^EHR|F7^LAB||||||20260501|||99^xxxxx^xxxxxxx',
    ],
    ['ZPI|1|anything^at&all', 'ZPI|9|xxxxxxxx^xx&xxx'],
    ['QQQ|what', 'QQQ|xxxx'],
    ['no segment|at all', 'xx xxxxxxx|xx xxx'],
  ])('%s', (given, expected) => {
    expect(masked(given)).toEqual([expected]);
  });

  it('keeps its header but for what is secret in it', () => {
    const { message } = parseMessage(`${header}\r`);
    expect(message && maskMessage(message)).toBe(`${header.replace('secret', 'xxxxxx')}\r`);
  });

  it('cuts what is long: a scan tells nothing by its shape', () => {
    expect(masked(`OBX|1|ED|N||^AP^^Base64^${'QUJD'.repeat(1000)}`)).toEqual([
      `OBX|1|ED|N||^xx^^xxxx99^${'x'.repeat(64)}...`,
    ]);
  });

  it('says nothing of any text in a person’s segment or a Z segment, and keeps the structure', () => {
    const word = fc.stringMatching(/^[a-wyzA-WYZ0-8]{4,12}$/);
    fc.assert(
      fc.property(
        word,
        fc.constantFrom('PID|1||', 'PID|1||||', 'ZZZ|', 'NTE|1||', 'GT1|1||'),
        (text, start) => {
          const [line = ''] = masked(`${start}${text}^${text}&${text}~${text}`);
          expect(line).not.toContain(text);
          expect(line.replace(/[^|^&~]/g, '')).toBe(`${start}^&~`.replace(/[^|^&~]/g, ''));
        },
      ),
    );
  });

  it('what is no message is masked as a whole', () => {
    expect(maskText('Jane Müller, 12')).toBe('xxxx xxxxxx, 99');
  });
});
