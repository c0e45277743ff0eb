import { describe, expect, it } from 'vitest';
import { logicalId, personClaimKey, resolvePerson } from '../../src/record/identity.ts';

const mrn = { system: 'urn:oid:1.2.3', value: '77' };
const national = { system: 'urn:oid:9.9', value: '77' };
const owners = (entries: readonly [typeof mrn, string][]): Map<string, string> =>
  new Map(entries.map(([identifier, owner]) => [personClaimKey(identifier), owner]));

describe('identity by authority and value', () => {
  it('is new where nobody owns any identifier', () => {
    expect(resolvePerson([mrn, national], owners([]))).toEqual({ kind: 'new' });
  });

  it('never matches by the value alone', () => {
    expect(resolvePerson([mrn], owners([[national, 'Patient/a']]))).toEqual({ kind: 'new' });
  });

  it('is known by any one identifier', () => {
    const found = resolvePerson([mrn, national], owners([[national, 'Patient/a']]));
    expect(found).toEqual({ kind: 'known', owner: 'Patient/a' });
  });

  it('uses the owner of the source’s own identifier in a conflict', () => {
    const both = owners([
      [mrn, 'Patient/b'],
      [national, 'Patient/a'],
    ]);
    expect(resolvePerson([mrn, national], both)).toEqual({
      kind: 'conflict',
      owners: ['Patient/a', 'Patient/b'],
      use: 'Patient/b',
    });
  });

  it('keeps separators in values apart', () => {
    const a = personClaimKey({ system: 'a|b', value: 'c' });
    expect(a).not.toBe(personClaimKey({ system: 'a', value: 'b|c' }));
  });
});

describe('logicalId', () => {
  it('is stable, fits FHIR, and depends on all three parts', () => {
    const id = logicalId('Encounter', 'urn:oid:1', 'V1');
    expect(id).toBe(logicalId('Encounter', 'urn:oid:1', 'V1'));
    expect(id).toMatch(/^[A-Za-z0-9\-.]{1,64}$/);
    const others = [
      logicalId('Account', 'urn:oid:1', 'V1'),
      logicalId('Encounter', 'urn:oid:2', 'V1'),
      logicalId('Encounter', 'urn:oid:1', 'V2'),
    ];
    expect(new Set([id, ...others]).size).toBe(4);
  });
});
