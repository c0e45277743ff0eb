/** What a sender and an app do to a server under test. */
import { readFileSync } from 'node:fs';
import { acknowledgmentCode } from '../../src/cli/demo/play.ts';
import { connectMllp } from '../../src/feed/mllp-client.ts';
import { parseAddress } from '../../src/ops/address.ts';
import { loadKeys } from '../../src/security/keys.ts';
import { tokenFor } from '../../src/security/sign-in.ts';
import { audience } from '../../src/security/token.ts';

const first = readFileSync('fixtures/first-patient.hl7', 'utf8').replaceAll('\n', '\r');

/** An admission of a person of its own. */
export const admission = (controlId: string, mrn: string): Uint8Array =>
  Buffer.from(
    first
      .replaceAll('M-1', mrn)
      .replaceAll('V-1', `V-${mrn}`)
      .replaceAll('FIRST-1', controlId)
      .replaceAll('\r\r', '\r'),
  );

export interface Answer {
  /** MSA-1. */
  readonly code: string;
  readonly text: string;
}

/** Sends messages over one connection, one after the other; gives their answers. */
export async function sendAll(address: string, messages: readonly Uint8Array[]): Promise<Answer[]> {
  const client = await connectMllp({ ...parseAddress(address), timeoutMs: 20_000 });
  try {
    const answers: Answer[] = [];
    for (const message of messages) {
      const answer = await client.send(message);
      answers.push({ code: acknowledgmentCode(answer), text: Buffer.from(answer).toString() });
    }
    return answers;
  } finally {
    client.close();
  }
}

/** Calls the server as an administrator; `data` is its data folder. */
export async function administrator(http: string, data: string) {
  const token = await tokenFor(
    { keys: loadKeys(data), clock: () => new Date(), newId: () => crypto.randomUUID() },
    { id: 'test', display: 'Test', role: 'admin' },
    { audience: audience.api, ttlSeconds: 600 },
  );
  const authorization = `Bearer ${token}`;
  return {
    get: (path: string): Promise<Response> =>
      fetch(`${http}/${path}`, { headers: { authorization, accept: '*/*' } }),
    post: (path: string, resource: unknown): Promise<Response> =>
      fetch(`${http}/${path}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/fhir+json' },
        body: JSON.stringify(resource),
      }),
  };
}
