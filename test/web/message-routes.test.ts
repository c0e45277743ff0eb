import { beforeEach, describe, expect, it } from 'vitest';
import { roles } from '../../src/security/principal.ts';
import type { Principal } from '../../src/security/principal.ts';
import type { JournalEntry } from '../../src/store/store.ts';
import { bearer, openWebApp } from './web-app.ts';
import type { WebApp } from './web-app.ts';

let web: WebApp;
beforeEach(async () => {
  web = await openWebApp();
});

const text = 'MSH|^~\\&|EHR|MERCY|W|H|20260501||ADT^A08|C1|P|2.5.1\rPID|1||M1^^^MERCY||DOE^JANE\r';

async function append(count: number, change: Partial<JournalEntry> = {}): Promise<void> {
  for (let index = 1; index <= count; index += 1) {
    const name = `${change.feed ?? 'ehr'}-${String(index).padStart(3, '0')}`;
    await web.store.journal.append({
      id: name,
      feed: 'ehr',
      peer: '127.0.0.1:1',
      receivedAt: new Date(Date.parse('2026-05-01T10:00:00Z') + index * 1000),
      controlId: name,
      messageType: 'ADT^A08',
      hash: name,
      bytes: Buffer.from(text),
      state: 'processed',
      attempts: 1,
      ack: Buffer.from('MSH|^~\\&|WEIR\rMSA|AA|C1\r'),
      ackCode: 'AA',
      patient: `Patient/p${String(index)}`,
      ...change,
    });
  }
}

interface Row {
  readonly id: string;
  readonly state: string;
  readonly feed: string;
}
interface List {
  readonly entries: readonly Row[];
  readonly next?: string;
}

/** An OperationOutcome that begins so. */
function outcome(words: string) {
  return {
    resourceType: 'OperationOutcome',
    issue: [{ diagnostics: expect.stringContaining(words) as string }],
  };
}

async function get(query: string, headers?: Record<string, string>) {
  return web.app.inject({
    url: `/api/messages${query}`,
    headers: headers ?? (await bearer(web, 'analyst')),
  });
}
const list = async (query: string): Promise<List> => (await get(query)).json();
const ids = ({ entries }: List): string[] => entries.map(({ id }) => id);

describe('who may read messages', () => {
  const readers = ['admin', 'analyst', 'clinician', 'nurse', 'integration'];

  it.each(roles.map((role) => [role, readers.includes(role) ? 200 : 403] as const))(
    '%s: %i',
    async (role, status) => {
      await append(1);
      for (const query of ['', '/ehr-001']) {
        expect((await get(query, await bearer(web, role))).statusCode).toBe(status);
      }
    },
  );

  it('nobody without a token, nor one who is confined to one person', async () => {
    await append(1);
    for (const query of ['', '/ehr-001', '/none']) {
      const nobody = await get(query, {});
      expect(nobody.statusCode).toBe(401);
      expect(nobody.json()).toMatchObject(outcome('Sign in first'));
      expect((await get(query, await bearer(web, 'nurse', 'p1'))).statusCode).toBe(403);
    }
    expect(web.accesses).toEqual([]);
  });
});

describe('the list', () => {
  it('is newest first and is walked to its end, each message once', async () => {
    await append(7);
    const walked: string[] = [];
    let cursor = '';
    do {
      const page = await list(`?count=3&cursor=${encodeURIComponent(cursor)}`);
      expect(page.entries.length).toBeLessThanOrEqual(3);
      walked.push(...ids(page));
      cursor = page.next ?? '';
    } while (cursor !== '');
    expect(walked).toEqual([7, 6, 5, 4, 3, 2, 1].map((number) => `ehr-00${String(number)}`));
  });

  it.each([
    ['?state=failed', ['lab-001']],
    ['?feed=lab', ['lab-001']],
    ['?controlId=ehr-002', ['ehr-002']],
    ['?messageType=ORU%5ER01', ['lab-001']],
    ['?feed=lab&state=processed', []],
    ['?state=&feed=&controlId=&cursor=', ['ehr-002', 'lab-001', 'ehr-001']],
    ['?MSH-10=ehr-002', ['ehr-002']],
    ['?PID-3=M7', ['lab-001']],
    ['?PID-3=M7&state=processed', []],
    ['?state=failed,parked', ['lab-001']],
    ['?from=2026-05-01T10:00:02Z', ['ehr-002']],
    ['?to=2026-05-01T10:00:02Z&feed=ehr', ['ehr-001']],
    ['?from=24h&type=ADT%5EA08', ['ehr-002', 'ehr-001']],
  ])('%s finds %j', async (query, expected) => {
    await append(2);
    const fields = ['PID-3=M7'];
    await append(1, { feed: 'lab', state: 'failed', messageType: 'ORU^R01', fields });
    expect(ids(await list(query))).toEqual(expected);
  });

  it.each([
    ['?count=0', 50],
    ['?count=-5', 1],
    ['?count=2.9', 2],
    ['?count=9999', 200],
    ['?count=x', 50],
    ['', 50],
  ])('%s gives at most %i', async (query, count) => {
    await append(201);
    expect((await list(query)).entries).toHaveLength(count);
  });

  it.each([
    ['?state=lost', 'state is one or more of received, processed, failed, parked, ignored'],
    ['?cursor=nonsense', 'The page cursor is not one that this store made'],
    ['?PID-7=DOE', 'Messages are not found by PID-7'],
    ['?nonsense=DOE', 'Messages are not found by that'],
    ['?from=DOE', 'from is a date or time such as'],
  ])('%s is refused by name', async (query, words) => {
    const answer = await get(query);
    expect(answer.statusCode).toBe(400);
    expect(answer.headers['content-type']).toContain('application/fhir+json');
    expect(answer.json()).toMatchObject(outcome(words));
    expect(answer.body).not.toContain('DOE');
  });

  it('holds no word of the messages, and no cache keeps it', async () => {
    await append(1);
    const answer = await get('');
    expect(answer.body).not.toMatch(/DOE|MSA|bytes|"ack"|hash|report/);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(Object.keys(answer.json<List>().entries[0] ?? {}).sort()).toEqual([
      'ackCode',
      'attempts',
      'controlId',
      'feed',
      'id',
      'messageType',
      'patient',
      'peer',
      'receivedAt',
      'state',
    ]);
  });

  it('leaves an audit event that names the people on the page', async () => {
    await append(2);
    await append(1, { id: 'again', controlId: 'again', hash: 'again', patient: 'Patient/p1' });
    await get('?feed=ehr');
    expect(web.accesses).toEqual([
      expect.objectContaining({
        interaction: 'search-type',
        patients: ['Patient/p2', 'Patient/p1'],
        query: 'api/messages?feed=ehr',
        status: 200,
      }),
    ]);
  });
});

describe('one message', () => {
  it('is shown by its id or its control id, as it came and as it was read', async () => {
    await append(1, { controlId: 'C1' });
    for (const id of ['ehr-001', 'C1']) {
      const answer = await get(`/${id}`);
      expect(answer.json()).toMatchObject({
        entry: { id: 'ehr-001', controlId: 'C1', patient: 'Patient/p1' },
        masked: true,
        raw: expect.stringContaining('PID|1||x9^^^xxxxx||xxx^xxxx') as string,
        ack: 'MSH|^~\\&|WEIR\nMSA|AA|C1',
        parsed: expect.arrayContaining([
          expect.objectContaining({ name: 'Patient Name', value: 'xxx^xxxx' }),
        ]) as unknown,
      });
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body).not.toMatch(/DOE|JANE/);
    }
  });

  it('is unmasked with a reason, which the audit event has', async () => {
    await append(1);
    const ask = async (query: string, role: Principal['role'] = 'nurse') =>
      get(`/ehr-001?${query}`, await bearer(web, role));
    for (const [query, words] of [
      ['unmask=true', 'Give a reason'],
      ['unmask=true&reason=%20', 'Give a reason'],
      ['unmask=yes&reason=x', 'unmask is true or false'],
      [`unmask=true&reason=${'x'.repeat(501)}`, 'A reason has at most 500 characters'],
    ] as const) {
      expect((await ask(query)).json()).toMatchObject(outcome(words));
    }
    expect((await ask('unmask=true&reason=x', 'integration')).statusCode).toBe(403);
    expect(web.accesses).toEqual([]);
    const answer = await ask('unmask=true&reason=wrong+patient%3F');
    expect(answer.json()).toMatchObject({ masked: false });
    expect(answer.body).toContain('DOE^JANE');
    expect(web.accesses).toEqual([
      expect.objectContaining({
        ...{ interaction: 'read', reason: 'wrong patient?', patients: ['Patient/p1'] },
        query: 'api/messages/ehr-001?unmask=true',
      }),
    ]);
  });

  it('is explained, and that is audited', async () => {
    await append(1, { controlId: 'C1' });
    const answer = await get('/C1/explain');
    expect(answer.json()).toMatchObject({
      entry: { id: 'ehr-001' },
      elements: expect.any(Array) as unknown,
    });
    expect(answer.body).not.toMatch(/DOE|JANE/);
    expect(web.accesses).toMatchObject([{ interaction: 'read', patients: ['Patient/p1'] }]);
    expect((await get('/none/explain')).statusCode).toBe(404);
  });

  it('leaves an audit event with the person', async () => {
    await append(1);
    await append(1, {
      id: 'b',
      controlId: 'b',
      hash: 'b',
      state: 'failed',
      patient: undefined,
    } as never);
    await get('/ehr-001');
    await get('/b');
    expect(web.accesses.map(({ patients }) => patients)).toEqual([['Patient/p1'], []]);
    expect(web.accesses[0]).toMatchObject({
      interaction: 'read',
      principal: { role: 'analyst' },
      query: 'api/messages/ehr-001',
    });
  });

  it('that is not there is 404 and leaves no event', async () => {
    const answer = await get('/none');
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject(outcome('There is no such message'));
    expect(web.accesses).toEqual([]);
  });
});

describe('beside them', () => {
  it('dead letters and retention are told to readers', async () => {
    await append(2, { state: 'failed', lastError: 'required-field: PID-3 is empty' });
    expect((await get('/dead-letters')).json()).toMatchObject({
      groups: [{ count: 2, feed: 'ehr', reason: 'required-field: PID-3 is empty' }],
      counted: 2,
      more: false,
    });
    const headers = await bearer(web, 'nurse');
    const retention = await web.app.inject({ url: '/api/retention', headers });
    expect(retention.json()).toMatchObject({ keepDays: { processed: 365, failed: 0 } });
    const frontdesk = await bearer(web, 'frontdesk');
    for (const url of ['/api/retention', '/api/messages/dead-letters']) {
      expect((await web.app.inject({ url, headers: frontdesk })).statusCode).toBe(403);
    }
  });
});
