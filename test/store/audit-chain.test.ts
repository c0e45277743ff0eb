import { describe, expect, it } from 'vitest';
import {
  chainStart,
  nextAuditRow,
  verifyChain,
  type ChainFault,
} from '../../src/store/audit-chain.ts';
import type { AuditRow } from '../../src/store/store.ts';

function chain(length: number): AuditRow[] {
  const rows: AuditRow[] = [];
  for (let n = 0; n < length; n++) {
    rows.push(nextAuditRow(rows.at(-1), new Date(n * 1_000), `{"n":${n}}`));
  }
  return rows;
}

describe('the audit chain', () => {
  it('begins with zeros and has the hash that its definition gives', () => {
    const [first] = chain(1);
    // printf '%064d\n1\n1970-01-01T00:00:00.000Z\n{"n":0}\n' 0 | sha256sum
    expect(first).toMatchObject({ seq: 1, previousHash: chainStart, hash: firstHash });
  });

  it('holds whole, in part, and empty', () => {
    const rows = chain(5);
    expect(verifyChain(rows)).toBeUndefined();
    expect(verifyChain(rows.slice(3), rows[2])).toBeUndefined();
    expect(verifyChain([])).toBeUndefined();
  });

  const tampered: readonly [string, (rows: AuditRow[]) => AuditRow[], ChainFault][] = [
    [
      'a changed event',
      (rows) => rows.with(2, { ...row(rows, 2), event: '{}' }),
      { seq: 3, problem: 'hash' },
    ],
    [
      'a changed time',
      (rows) => rows.with(2, { ...row(rows, 2), at: new Date(1) }),
      { seq: 3, problem: 'hash' },
    ],
    ['a removed row', (rows) => rows.toSpliced(2, 1), { seq: 4, problem: 'gap' }],
    ['a removed first row', (rows) => rows.slice(1), { seq: 2, problem: 'gap' }],
    ['swapped rows', (rows) => [row(rows, 1), row(rows, 0)], { seq: 2, problem: 'gap' }],
    [
      'a row made anew with its own hash',
      (rows) => rows.with(2, nextAuditRow(rows[1], new Date(0), 'forged')),
      { seq: 4, problem: 'previous-hash' },
    ],
  ];
  for (const [what, tamper, fault] of tampered) {
    it(`tells ${what}`, () => {
      expect(verifyChain(tamper(chain(5)))).toEqual(fault);
    });
  }
});

function row(rows: readonly AuditRow[], at: number): AuditRow {
  const found = rows[at];
  if (found === undefined) throw new Error('No such row');
  return found;
}

const firstHash = '8e24f096067d0f88753d1d91ceae2816eea5456493b9604523593271f1c574dc';
