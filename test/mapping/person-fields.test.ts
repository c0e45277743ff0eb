import { describe, expect, it } from 'vitest';
import { mapWith } from '../../src/feed/map-message.ts';
import { defaultFeed } from '../../src/feed/feed.ts';
import { personFieldsOf } from '../../src/mapping/person-fields.ts';
import { messageOf, msh, packOf, type Files } from './pack-fixture.ts';

const files: Files = {
  'adt.map.yaml': `map: adt
version: 1
when: { event: [ADT^A01] }
resources:
  patient:
    type: Patient
    from: PID
    key: { person: [mrn, alone] }
    set:
      mrn: { at: identifier, each: PID-3 }
      alone: { at: identifier, oneOf: [{ from: PID-2, when: PID-3 not exists }, { from: PID-18.1 }] }
      never: { at: identifier, from: PID-19 }
      name: PID-5
  account: { type: Account, from: PID, key: PID-18, set: { status: { const: active }, subject: { ref: patient } } }
`,
  'site.overlay.yaml': `overlay: site
base: [adt@1]
when: { feed: [lab] }
resources:
  patient: { set: { mrn: { each: [PID-3, ZPI-2] } } }
`,
};

describe('where maps find the numbers of people', () => {
  it('is in the fields of the slots that count, in overlays too', () => {
    expect(personFieldsOf(packOf(files))).toEqual(['PID-3', 'PID-2', 'PID-18', 'ZPI-2']);
  });

  it('goes with what maps messages, and so does what no map takes', () => {
    const map = mapWith(packOf(files));
    expect(map.personFields).toEqual(['PID-3', 'PID-2', 'PID-18', 'ZPI-2']);
    for (const event of ['ADT^A01', 'ADT^A02', 'ORU^R01']) {
      const message = messageOf(msh(event), 'PID|1||1^^^MERCY||Doe');
      const { issues } = map(message, defaultFeed, {
        ...{ feed: 'default', receivedAt: '2026-01-01T00:00:00Z', settings: {} },
        authority: () => 'urn:x',
      });
      const refused = map.refusal?.(message, defaultFeed);
      expect([event, refused === undefined]).toEqual([event, event === 'ADT^A01']);
      expect(refused === undefined ? [] : [refused]).toEqual(event === 'ADT^A01' ? [] : issues);
    }
  });
});
