import { afterEach, describe, expect, it } from 'vitest';
import { appointment, patient } from './records.ts';
import { openSite, type Site } from './site.ts';

let site: Site;
afterEach(() => site.close());

async function booked(start: string, more: object = {}): Promise<void> {
  site = await openSite();
  await site.feed(patient('p'), appointment('booked', start, more));
  await site.settle();
}

describe('an appointment that is booked', () => {
  it('is confirmed at once, and remembered the day before at the same time on the wall', async () => {
    await booked('2026-03-08T09:00:00-04:00');
    expect(await site.messages()).toEqual([
      'completed Patient/p: Your appointment is booked for Sunday 8 March 2026, 09:00.',
    ]);
    expect(await site.plans('reminder')).toEqual(['active 2026-03-07T09:00:00-05:00']);
    await site.at('2026-03-07T13:59:59Z');
    expect(await site.messages()).toHaveLength(1);
    await site.at('2026-03-07T14:00:00Z');
    expect(await site.messages()).toContain(
      'completed Patient/p: Reminder: your appointment is on Sunday 8 March 2026, 09:00.',
    );
    expect(await site.plans('reminder')).toEqual(['completed 2026-03-07T09:00:00-05:00']);
  });

  it('less than a day ahead is confirmed without a reminder; in the past neither', async () => {
    await booked('2026-03-03T14:59:00Z');
    expect(await site.messages()).toHaveLength(1);
    expect(await site.plans('reminder')).toEqual([]);
    await site.close();
    await booked('2026-03-01T09:00:00Z');
    expect(await site.all('CommunicationRequest')).toEqual([]);
  });

  it('reads the wall clock of its location', async () => {
    site = await openSite();
    const timezone = 'http://hl7.org/fhir/StructureDefinition/timezone';
    await site.feed(patient('p'), {
      resourceType: 'Location',
      id: 'clinic',
      extension: [{ url: timezone, valueCode: 'America/Los_Angeles' }],
    });
    const actors = ['Patient/p', 'Location/clinic'];
    const participant = actors.map((reference) => ({ actor: { reference }, status: 'accepted' }));
    await site.feed(appointment('booked', '2026-03-08T16:00:00Z', { participant }));
    await site.settle();
    expect(await site.plans('reminder')).toEqual(['active 2026-03-07T09:00:00-08:00']);
    expect((await site.messages())[0]).toContain('Sunday 8 March 2026, 09:00');
  });

  it('sent again, or changed in something else, is not announced again', async () => {
    await booked('2026-03-08T09:00:00-04:00');
    await site.feed(appointment('booked', '2026-03-08T09:00:00-04:00', { comment: 'Bring tea' }));
    await site.feed(appointment('booked', '2026-03-08T13:00:00Z'));
    await site.settle();
    expect(await site.messages()).toHaveLength(1);
    expect(await site.all('CommunicationRequest')).toHaveLength(2);
  });
});

describe('an appointment that is moved', () => {
  const from = '2026-03-08T09:00:00-04:00';
  const to = '2026-03-12T14:00:00-04:00';

  it('tells nursing, front desk and billing once each, and the patient anew', async () => {
    await booked(from);
    await site.feed(appointment('booked', to));
    await site.settle();
    const moved =
      'Appointment moved from Sunday 8 March 2026, 09:00 to Thursday 12 March 2026, 14:00.';
    expect((await site.messages()).filter((each) => !each.includes('booked for'))).toEqual([
      'completed Patient/p: Your appointment has moved to Thursday 12 March 2026, 14:00.',
      `completed billing: ${moved}`,
      `completed front-desk: ${moved}`,
      `completed nursing: ${moved}`,
    ]);
    expect(await site.plans('reminder')).toEqual([
      'active 2026-03-11T14:00:00-04:00',
      'revoked 2026-03-07T09:00:00-05:00',
    ]);
    await site.at('2026-03-10T12:00:00Z');
    expect(await site.messages()).toHaveLength(5);
    await site.at('2026-03-11T18:00:00Z');
    expect((await site.messages()).filter((each) => each.includes('Reminder'))).toEqual([
      'completed Patient/p: Reminder: your appointment is on Thursday 12 March 2026, 14:00.',
    ]);
  });

  it('and moved back is remembered at its first time again', async () => {
    await booked(from);
    await site.feed(appointment('booked', to));
    await site.settle();
    await site.feed(appointment('booked', from));
    await site.settle();
    expect(await site.plans('reminder')).toEqual([
      'active 2026-03-07T09:00:00-05:00',
      'revoked 2026-03-11T14:00:00-04:00',
    ]);
    await site.at('2026-03-07T14:00:00Z');
    expect((await site.messages()).filter((each) => each.includes('Reminder'))).toHaveLength(1);
  });
});

describe('an appointment that does not take place', () => {
  it.each(['cancelled', 'noshow', 'entered-in-error'])(
    '%s: nothing more is sent',
    async (status) => {
      await booked('2026-03-08T09:00:00-04:00');
      await site.feed(appointment(status, '2026-03-08T09:00:00-04:00'));
      await site.at('2026-03-20T12:00:00Z');
      expect(await site.plans('reminder')).toEqual(['revoked 2026-03-07T09:00:00-05:00']);
      expect(await site.messages()).toHaveLength(1);
      expect(await site.store.jobs.list('', 10)).toEqual([]);
    },
  );

  it('because it was deleted', async () => {
    await booked('2026-03-08T09:00:00-04:00');
    await site.remove('Appointment', 'visit');
    await site.at('2026-03-20T12:00:00Z');
    expect(await site.plans('reminder')).toEqual(['revoked 2026-03-07T09:00:00-05:00']);
  });
});

describe('a visit that took place', () => {
  const start = '2026-03-02T10:00:00-05:00';
  const end = '2026-03-02T10:30:00-05:00';

  it('is asked about once, two hours after its end', async () => {
    await booked(start, { end });
    await site.at('2026-03-02T15:40:00Z');
    await site.feed(appointment('fulfilled', start, { end }));
    await site.settle();
    expect(await site.plans('ask')).toEqual(['active 2026-03-02T12:30:00-05:00']);
    await site.feed(appointment('fulfilled', start, { end, comment: 'Paid' }));
    await site.at('2026-03-02T17:30:00Z');
    await site.at('2026-03-02T23:30:00Z');
    const asked = (await site.messages()).filter((each) => each.includes('How was'));
    expect(asked).toHaveLength(1);
  });

  it('is asked about when its encounter has finished', async () => {
    await booked(start, { end });
    await site.feed({
      resourceType: 'Encounter',
      id: 'e',
      status: 'finished',
      class: { code: 'AMB' },
      appointment: [{ reference: 'Appointment/visit' }],
    });
    await site.settle();
    expect(await site.plans('ask')).toEqual(['active 2026-03-02T12:30:00-05:00']);
  });

  it('but was a no-show after all is not asked about', async () => {
    await booked(start, { end });
    await site.feed(appointment('fulfilled', start, { end }));
    await site.settle();
    await site.feed(appointment('noshow', start, { end }));
    await site.at('2026-03-03T17:30:00Z');
    expect(await site.plans('ask')).toEqual(['revoked 2026-03-02T12:30:00-05:00']);
    expect((await site.messages()).filter((each) => each.includes('How was'))).toEqual([]);
  });

  it('long ago is not asked about', async () => {
    await booked('2026-02-20T10:00:00-05:00');
    await site.feed(appointment('fulfilled', '2026-02-20T10:00:00-05:00'));
    await site.settle();
    expect(await site.plans('ask')).toEqual([]);
  });
});
