import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findCases, runCase } from '../../src/cli/map-case.ts';
import { mapBytes, type Mapping } from '../../src/cli/map-message.ts';
import { selectMap } from '../../src/mapping/pack.ts';
import type { Message } from '../../src/hl7v2/message.ts';
import { openMaps } from '../../src/cli/maps.ts';

const { pack, feeds, faults } = await openMaps({ site: '', zone: 'UTC' });
if (!pack) throw new Error(JSON.stringify(faults));
const mapping: Mapping = { pack, feeds, receivedAt: new Date('2026-01-01T00:00:00Z') };
const cases = await findCases('fixtures');

describe('the base pack', () => {
  it('has at least two cases for each kind of message', () => {
    const kinds = ['ADT_A01', 'ADT_A13', 'SIU_S13', 'ORM_O01', 'ORU_R01', 'RDE_O11', 'RDS_O13'];
    for (const kind of [...kinds, 'VXU_V04', 'MDM_T02', 'DFT_P03']) {
      expect(cases.filter(({ name }) => name.includes(kind)).length, kind).toBeGreaterThan(1);
    }
  });

  it('has a case for each of its maps', () => {
    const used = new Set(
      cases.map(({ message }) => {
        const { reading } = mapBytes(readFileSync(message), mapping);
        return reading.message && selectedName(reading.message);
      }),
    );
    expect(pack.maps.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });

  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_, one) => {
    expect((await runCase(one, mapping)).failures).toEqual([]);
  });
});

describe('the same thing in several messages', () => {
  it.each([
    ['Appointment', ['SIU_S12/booked-with-resources', 'SIU_S13/moved', 'SIU_S15/cancelled']],
    ['Observation', ['ORU_R01/preliminary', 'ORU_R01/final']],
    ['DiagnosticReport', ['ORU_R01/preliminary', 'ORU_R01/final', 'ORU_R01/corrected']],
    ['MedicationRequest', ['RDE_O11/new-prescription', 'RDE_O11/discontinue', 'RDS_O13/dispense']],
    [
      'ServiceRequest',
      ['ORM_O01/new-order', 'ORM_O01/cancel-order', 'ORU_R01/panel-with-critical'],
    ],
    ['Encounter', ['ADT_A02/transfer', 'ADT_A03/discharge', 'ADT_A13/cancel-discharge']],
    ['ChargeItem', ['DFT_P03/credit']],
    [
      'Account',
      ['BAR_P01/account-with-guarantors', 'BAR_P05/account-updated', 'BAR_P06/account-ended'],
    ],
    [
      'RelatedPerson',
      [
        'BAR_P01/account-with-guarantors',
        'BAR_P05/account-updated',
        'DFT_P11/charges-after-the-end',
      ],
    ],
    [
      'MedicationRequest',
      [
        'OMP_O09/new-prescription',
        'OMP_O09/discontinue',
        'RDE_O25/refill-asked-for',
        'RAS_O17/given',
        'RGV_O15/two-gifts',
      ],
    ],
    [
      'ServiceRequest',
      ['SRM_S01/appointment-asked-for', 'SRM_S04/no-longer-wanted', 'SRM_S06/deleted'],
    ],
    [
      'Appointment',
      ['SIU_S18/person-added', 'SIU_S22/place-deleted', 'SRR_S01/booked', 'SRR_S04/cancelled'],
    ],
    ['Slot', ['SIU_S23/time-blocked', 'SIU_S24/time-given-free']],
    ['Location', ['ADT_A20/bed-to-be-cleaned', 'MFN_M05/ward-and-bed']],
    ['Practitioner', ['MFN_M02/nurse-added', 'PMU_B01/new-colleague', 'PMU_B06/left']],
    ['ServiceRequest', ['REF_I12/referral', 'REF_I14/cancelled', 'RRI_I12/accepted']],
    [
      'DocumentReference',
      ['MDM_T01/notified-only', 'MDM_T04/status-with-content', 'MDM_T11/cancelled'],
    ],
    [
      'Condition',
      [
        'PPR_PC1/problem-with-goal-and-pathway',
        'PPR_PC2/resolved',
        'PPR_PC3/deleted',
        'PGL_PC6/goal-with-problem',
      ],
    ],
    [
      'Goal',
      [
        'PPR_PC1/problem-with-goal-and-pathway',
        'PGL_PC6/goal-with-problem',
        'PPG_PCG/pathway-with-goal',
      ],
    ],
    [
      'CarePlan',
      ['PPR_PC1/problem-with-goal-and-pathway', 'PPP_PCB/pathway-with-problem-and-order'],
    ],
    [
      'AllergyIntolerance',
      ['ADT_A60/added-with-reactions', 'ADT_A60/deleted', 'OMP_O09/new-prescription'],
    ],
    [
      'DiagnosticReport',
      [
        'OUL_R22/specimen-with-two-orders',
        'OUL_R23/by-container',
        'OUL_R21/container-before-its-order',
      ],
    ],
    [
      'Encounter',
      [
        'ADT_A09/departing',
        'ADT_A21/goes-on-leave',
        'ADT_A38/pre-admission-cancelled',
        'BAR_P01/account-with-guarantors',
      ],
    ],
  ])('%s has one identity in %j', (type, names) => {
    const identities = names.map((name) => identityOf(type, name));
    expect(new Set(identities).size).toBe(1);
    expect(identities[0]).toMatch(/"kind":"key"/);
  });

  it('a susceptibility is derived from its own organism', () => {
    const observations = mapped('ORU_R01/microbiology-parent-child').filter(
      ({ resource }) => resource.resourceType === 'Observation',
    );
    const organism = (test: string): unknown => {
      const own = observations.find(({ resource }) => codeOf(resource['code']) === test);
      const [parent] = (own?.resource['derivedFrom'] ?? []) as { reference?: string }[];
      const found = observations.find(({ fullUrl }) => fullUrl === parent?.reference);
      return codeOf(found?.resource['valueCodeableConcept']);
    };
    expect([organism('18864-9'), organism('18906-8')]).toEqual(['112283007', '112283007']);
    expect(organism('18961-3')).toBe('3092008');
    expect(organism('18725-2')).toBeUndefined();
  });

  it('a nurse of the staff file is the one whom an administration names', () => {
    const named = mapped('RAS_O17/given').filter(
      ({ resource }) => resource.resourceType === 'Practitioner',
    );
    expect(named.map(({ identity }) => JSON.stringify(identity))).toContain(
      identityOf('Practitioner', 'MFN_M02/nurse-added'),
    );
  });

  it('A13 deletes what the discharge had said', () => {
    const encounter = mapped('ADT_A13/repeats-the-discharge-time').find(
      ({ resource }) => resource.resourceType === 'Encounter',
    );
    expect(encounter?.clears).toEqual(
      expect.arrayContaining(['period.end', 'hospitalization.dischargeDisposition']),
    );
  });
});

const samples = '../shared/data/hl7-samples-microsoft/data/SampleData/Hl7v2';

describe.skipIf(!existsSync(samples))(
  'samples of other senders (not part of this repository)',
  () => {
    const files = existsSync(samples) ? readdirSync(samples).sort() : [];

    it.each(files)('%s is mapped to valid resources', (file) => {
      const { ack, result } = mapBytes(readFileSync(join(samples, file)), mapping);
      expect(ack).toBe('AA');
      expect(result?.resources.length).toBeGreaterThan(0);
    });
  },
);

function codeOf(concept: unknown): string | undefined {
  return (concept as { coding?: { code?: string }[] } | undefined)?.coding?.[0]?.code;
}

function selectedName(message: Message): string | undefined {
  const map = pack && selectMap(pack, message, '');
  return typeof map === 'object' ? map.name : undefined;
}

function mapped(name: string) {
  const { result } = mapBytes(readFileSync(join('fixtures', name, 'message.hl7')), mapping);
  return result?.resources ?? [];
}

function identityOf(type: string, name: string): string {
  const found = mapped(name).find(({ resource }) => resource.resourceType === type);
  return JSON.stringify(found?.identity);
}
