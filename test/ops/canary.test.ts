import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../e2e/running-app.ts';
import type { RunningApp } from '../e2e/running-app.ts';

/** Planted wherever a patient's data may stand; nothing of it may reach the log (I9). */
const canary = 'ZZCANARY';
const at = '20260501100000+0000';
const msh = (id: string, type: string, version = '2.5.1'): string =>
  `MSH|^~\\&|EHR|CLINIC|WEIR|HUB|${at}||${type}|${id}|P|${version}`;
const pid = `PID|1||${canary}1^^^CLINIC^MR||${canary}NAME^JANE||19700101|F|||1 ${canary} St^^X^IL^62701||^PRN^PH^^^^${canary}555`;
const join = (...segments: string[]): string => `${segments.join('\r')}\r`;

const accepted = join(msh('c1', 'ADT^A04^ADT_A01'), `EVN|A04|${at}`, pid, 'PV1|1|O');
const failing: readonly (readonly [what: string, message: string])[] = [
  ['a birth date that is none', accepted.replace('19700101', canary).replace('|c1|', '|c2|')],
  ['a type that no map takes', join(msh('c3', 'ZZZ^Z99'), pid)],
  ['an event that no map takes', join(msh('c4', 'ADT^Z99'), pid)],
  ['a version that is none', join(msh('c5', 'ADT^A04', canary), pid)],
  ['no person', join(msh('c6', 'ADT^A04^ADT_A01'), `EVN|A04|${at}`, 'PV1|1|O')],
  ['no message', `${canary} is no message`],
  ['a control id used again', accepted.replace('JANE', 'JOAN')],
  ['a code that no table has', accepted.replace('|F|', `|${canary}SEX|`).replace('|c1|', '|c7|')],
  [
    'a value of another type',
    join(
      msh('c8', 'ORU^R01^ORU_R01'),
      pid,
      `OBR|1||F1|${canary}^Panel|||${canary}`,
      `OBX|1|NM|2823-3^Potassium^LN||${canary}|mmol/L|||||F`,
    ),
  ],
  [
    'a charset that is none',
    accepted.replace('|2.5.1', `|2.5.1||||||${canary}`).replace('|c1|', '|c9|'),
  ],
];

let running: RunningApp;
beforeAll(async () => {
  running = await runApp({ store: 'memory' });
});
afterAll(async () => running.close());

async function tell(bytes: string): Promise<void> {
  const [host = '', port = ''] = running.app.mllp.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => undefined);
  socket.resume();
  await new Promise((resolve) => socket.end(bytes, () => resolve(undefined)));
  await new Promise((resolve) => socket.once('close', resolve));
}

const bodies: readonly (readonly [string, string, string])[] = [
  ['/fhir/Patient', 'application/fhir+json', `{"resourceType":"Patient","birthDate":"${canary}"}`],
  ['/fhir/Patient', 'application/fhir+json', `{"resourceType":"Patient","${canary}":1}`],
  ['/fhir/Patient', 'application/fhir+json', `{"resourceType":"${canary}`],
  ['/fhir/Patient/_search', 'application/x-www-form-urlencoded', `name=${canary}&bad:x=${canary}`],
  ['/fhir/', 'application/fhir+json', `{"resourceType":"Bundle","type":"${canary}"}`],
  ['/auth/sign-in', 'application/json', `{"name":"${canary}","password":"${canary}"}`],
  ['/auth/sign-in', 'application/json', `{"name":"${canary}`],
  [
    '/api/messages/replay',
    'application/json',
    `{"query":{"PID-5":"${canary}"},"reason":"${canary}"}`,
  ],
  ['/api/messages/retry', 'application/json', `{"query":{"${canary}":"${canary}"}}`],
  ['/api/messages/1/edit', 'application/json', `{"reason":"${canary}","text":"${canary}"}`],
  ['/hl7/default', 'text/plain', `${canary}\r`],
  ['/hl7/default', `text/${canary}`, canary],
];
const addresses = [
  `/fhir/Patient?name=${canary}`,
  `/fhir/Patient?${canary}=1`,
  `/fhir/Patient/${canary}`,
  `/fhir/${canary}?name=${canary}`,
  `/fhir/Patient?name=${canary}&_sort=${canary}`,
  `/fhir/Patient?birthdate=${canary}`,
  `/api/messages?controlId=${canary}&state=${canary}`,
  `/api/messages/${canary}`,
  `/api/messages?PID-5=${canary}&PID-7=${canary}`,
  `/api/messages/${canary}/explain`,
  `/api/messages/1?unmask=true&reason=${canary}`,
  `/api/messages/runs/${canary}`,
  `/auth/link?token=${canary}&to=${canary}`,
  `/${canary}`,
  `/fhir/%E0%A4%A${canary}`,
];

describe('the log at its most talkative', () => {
  it('holds no word of what messages, calls and people say, whether they succeed or fail', async () => {
    expect(await running.send(accepted)).toEqual(['AA']);
    expect(await (await running.call(`/fhir/Patient?name=${canary}NAME`)).text()).toContain(canary);
    const codes = await running.send(...failing.map(([, message]) => message));
    expect(codes.filter((code) => code !== 'AA').length).toBeGreaterThan(3);
    await tell(`GET /${canary} HTTP/1.1\r\nHost: ${canary}\r\n\r\n`);
    await tell(`\x0b${accepted}`);
    for (const [path, type, body] of bodies) {
      const answer = await running.call(path, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      expect(answer.status, path).toBeLessThan(500);
    }
    for (const address of addresses) {
      expect((await running.call(address, { redirect: 'manual' })).status).toBeLessThan(500);
    }
    await running.app.idle();
    expect(running.logged.length).toBeGreaterThan(0);
    expect(running.logged.filter((line) => line.includes(canary))).toEqual([]);
  });

  it('nor do the metrics', async () => {
    const text = await (await running.call('/metrics')).text();
    expect(text).toContain('weir_message_answer_seconds_count 1');
    expect(text).not.toContain(canary);
  });
});
