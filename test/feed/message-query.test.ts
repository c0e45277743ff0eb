import { describe, expect, it } from 'vitest';
import { parseFeed } from '../../src/feed/feed-file.ts';
import { defaultFeed } from '../../src/feed/feed.ts';
import { indexedFields, indexedPositions, positionsOf } from '../../src/feed/message-fields.ts';
import { messageQuery } from '../../src/feed/message-query.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';
import { limits } from '../../src/limits.ts';

const now = new Date('2026-05-02T12:00:00Z');
const positions = new Set([...indexedPositions, 'ZPI-2']);
const read = (...asked: [string, string][]) => messageQuery(asked, { positions, now });

describe('what is asked', () => {
  it.each([
    [[['PID-3', '123']], { fields: ['PID-3=123'] }],
    [[['PID-5', ' Müller ']], { fields: ['PID-5=muller'] }],
    [
      [
        ['PID-3', '1'],
        ['PID-3', '2'],
      ],
      { fields: ['PID-3=1', 'PID-3=2'] },
    ],
    [[['ZPI-2', 'x']], { fields: ['ZPI-2=x'] }],
    [
      [
        ['MSH-10', 'C1'],
        ['MSH-9', 'ADT^A08'],
      ],
      { controlId: 'C1', messageType: 'ADT^A08' },
    ],
    [
      [
        ['type', 'ORU^R01'],
        ['feed', 'lab'],
      ],
      { messageType: 'ORU^R01', feed: 'lab' },
    ],
    [[['state', 'failed']], { state: 'failed' }],
    [[['state', 'failed, parked']], { state: ['failed', 'parked'] }],
    [
      [
        ['state', ''],
        ['PID-3', ' '],
      ],
      {},
    ],
    [[['from', '2026-05-01']], { from: new Date('2026-05-01T00:00:00Z') }],
    [[['to', '2026-05-01T10:00']], { to: new Date('2026-05-01T10:00:00Z') }],
    [[['to', '2026-05-01T10:00:00+02:00']], { to: new Date('2026-05-01T08:00:00Z') }],
    [[['from', '24h']], { from: new Date('2026-05-01T12:00:00Z') }],
    [
      [
        ['from', '90m'],
        ['to', '1d'],
      ],
      { from: new Date('2026-05-02T10:30:00Z'), to: new Date('2026-05-01T12:00:00Z') },
    ],
  ] as [[string, string][], object][])('%j', (asked, query) => {
    expect(read(...asked)).toEqual(query);
  });

  it.each([
    ['PID-7', '1980', 'Messages are not found by PID-7; they are by MSH-3'],
    ['PID[1]-3', 'x', 'Messages are not found by that; give state'],
    ['constructor', 'x', 'Messages are not found by that; give state'],
    ['state', 'lost', 'state is one or more of received, processed'],
    ['from', 'yesterday', 'from is a date or time such as'],
    ['from', '2026-13-01', 'from is a date or time such as'],
    ['to', '20260501', 'to is a date or time such as'],
  ])('%s=%s is refused by name', (name, value, message) => {
    expect(() => read([name, value])).toThrow(message);
  });

  it('never repeats a value: it may be a person’s', () => {
    for (const name of ['PID-7', 'PID[1]-3', 'from', 'state']) {
      expect(() => read([name, 'DOE JANE'])).toThrow(expect.not.stringContaining('DOE') as Error);
    }
  });
});

describe('what is found', () => {
  const message = (...segments: string[]) => {
    const text = ['MSH|^~\\&|EHR^1.2^ISO|MERCY|W|H|2026||ORU^R01|C1|P|2.5.1', ...segments].join(
      '\r',
    );
    const parsed = parseMessage(`${text}\r`).message;
    if (parsed === undefined) throw new Error('not a message');
    return parsed;
  };

  it('has each identifier and name of each repetition, and each order, once', () => {
    const fields = indexedFields(
      message(
        'PID|1||M1^^^MERCY~L\\T\\1^^^LAB~M1^^^OTHER||Ål&van^Eva~Alias',
        'PV1|1||||||||||||||||||V9',
        'OBR|1|P1|F1|GLU^Glucose',
        'OBR|2|P1|F2|""',
        'ZPI|1|x~y',
      ),
      { ...defaultFeed, index: ['ZPI-2', 'PV1-3.2'] },
    );
    expect(fields).toEqual([
      ...['ZPI-2=x', 'ZPI-2=y'],
      ...['MSH-3=EHR', 'MSH-4=MERCY', 'MSH-5=W', 'MSH-6=H', 'MSH-7=2026', 'MSH-11=P'],
      ...['PID-3=M1', 'PID-3=L&1', 'PID-5=al', 'PID-5=eva', 'PID-5=alias', 'PV1-19=V9'],
      ...['OBR-2=P1', 'OBR-3=F1', 'OBR-3=F2', 'OBR-4=GLU'],
    ]);
  });

  it('is bounded in number and length', () => {
    const many = Array.from({ length: 500 }, (_, n) => `OBR|1|P${String(n)}`);
    const fields = indexedFields(
      message(...many, `PV1|${'|'.repeat(18)}${'9'.repeat(500)}`),
      defaultFeed,
    );
    expect(fields).toHaveLength(limits.messageFieldsMax);
    const [visit] = indexedFields(message(`PV1|${'|'.repeat(18)}${'9'.repeat(500)}`), {
      ...defaultFeed,
      index: ['PV1-19'],
    });
    expect(visit).toBe(`PV1-19=${'9'.repeat(limits.messageFieldCharsMax)}`);
  });

  it('is what a feed file adds, within a bound', () => {
    const { feed, faults } = parseFeed('feed: lab\nindex: [ZPI-2, PV1-3.1]\n', 'lab.feed.yaml');
    expect(faults).toEqual([]);
    expect([...positionsOf(feed ? [feed] : [])].slice(-2)).toEqual(['ZPI-2', 'PV1-3.1']);
    for (const index of [
      '[PID]',
      '[PID-0]',
      '[PID-3.1.2]',
      'ZPI-2',
      `[${Array(17).fill('ZPI-2').join()}]`,
    ]) {
      const fault = parseFeed(`feed: lab\nindex: ${index}\n`, 'lab.feed.yaml').faults[0];
      expect(fault).toEqual({
        place: 'lab.feed.yaml:2:8',
        message: 'index is a list of at most 16 positions such as ZPI-2 or PV1-3.1',
      });
    }
  });
});
