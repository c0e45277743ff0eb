import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createOutbound } from '../../src/ops/outbound.ts';
import { carriedOut, linesOf } from './background.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { CallAnswer, FhirApp } from './fhir-app.ts';

const ndjson = { 'content-type': 'application/fhir+ndjson' };

const patients = Array.from({ length: 250 }, (_, i) => ({
  resourceType: 'Patient',
  id: `p${i}`,
  birthDate: '2001-02-03',
}));
const text = (resources: readonly unknown[]) =>
  resources.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');

interface Manifest {
  readonly output: readonly { type: string; count: number }[];
  readonly error: readonly { url: string; count: number }[];
}

describe.each(stores)('$import on %s', (_name, open) => {
  const files: Record<string, string> = {
    '/patients': `${text(patients)}\n`,
    '/away': '',
  };
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (request.url === '/away') response.writeHead(302, { location: '/patients' }).end();
    else if (file === undefined) response.writeHead(404).end();
    else response.end(file);
  });
  let base = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open, { outbound: createOutbound('127.0.0.1') });
  });
  afterEach(() => fhir.close());

  const manifestOf = (answer: CallAnswer): Manifest => {
    expect(answer.status).toBe(200);
    return JSON.parse(answer.text) as Manifest;
  };
  const faultsOf = async ({ error }: Manifest) =>
    linesOf((await fhir.call('GET', error[0]?.url.split('/fhir')[1] ?? '')).text);
  const inputs = (...given: readonly { type?: string; url: string }[]) => ({
    resourceType: 'Parameters',
    parameter: [
      { name: 'inputFormat', valueCode: 'application/fhir+ndjson' },
      { name: 'inputSource', valueUri: 'https://example.org' },
      ...given.map(({ type, url }) => ({
        name: 'input',
        part: [
          ...(type === undefined ? [] : [{ name: 'type', valueCode: type }]),
          { name: 'url', valueUrl: url },
        ],
      })),
    ],
  });

  it('takes the lines of a body in, under the ids that they have', async () => {
    const answer = await carriedOut(fhir, 'POST', '/$import', {
      body: text([...patients, '', '{"resourceType":"Patient","gender":"other"}']),
      headers: ndjson,
    });
    const manifest = manifestOf(answer);
    expect(manifest).toMatchObject({ output: [{ type: 'Patient', count: 251 }], error: [] });
    expect((await fhir.call('GET', '/Patient/p249')).json).toMatchObject({ id: 'p249' });
    expect((await fhir.call('GET', '/Patient?_summary=count')).json.total).toBe(251);
    expect((await fhir.call('GET', '/Patient?gender=other')).json.total).toBe(1);
  });

  it('tells of each line that is wrong, and goes on', async () => {
    const lines = [
      '{"resourceType":"Patient","id":"ok"}',
      '{',
      '[]',
      '{"resourceType":"Nothing"}',
      '{"resourceType":"Patient","id":"bad","gender":"nonsense"}',
      '{"resourceType":"Patient","id":"../../x"}',
      '{"resourceType":"Patient","id":"ok","active":true}',
      '{"resourceType":"Patient","id":"last"}',
    ];
    const body = text(lines);
    const answer = await carriedOut(fhir, 'POST', '/$import', { body, headers: ndjson });
    const manifest = manifestOf(answer);
    expect(manifest.output).toEqual([{ type: 'Patient', count: 3 }]);
    expect(manifest.error).toMatchObject([{ type: 'OperationOutcome', count: 5 }]);
    const faults = await faultsOf(manifest);
    const told = faults.map(({ issue }) => (issue as { diagnostics: string }[])[0]?.diagnostics);
    expect(told.map((one) => /^Line (\d+):/.exec(one ?? '')?.[1])).toEqual([
      '2',
      '3',
      '4',
      '5',
      '6',
    ]);
    expect((await fhir.call('GET', '/Patient/ok')).json).toMatchObject({
      active: true,
      meta: { versionId: '2' },
    });
  });

  it('fetches files, and the same again changes nothing', async () => {
    const body = inputs({ type: 'Patient', url: `${base}/patients` });
    const first = manifestOf(await carriedOut(fhir, 'POST', '/$import', { body }));
    expect(first).toMatchObject({ output: [{ type: 'Patient', count: 250 }], error: [] });
    const plain = {
      inputFormat: 'application/fhir+ndjson',
      input: [{ type: 'Patient', url: `${base}/patients` }],
    };
    manifestOf(await carriedOut(fhir, 'POST', '/$import', { body: plain }));
    expect((await fhir.call('GET', '/Patient/p7')).json.meta.versionId).toBe('1');
  });

  it('tells of files that cannot be had, follows no redirect, and takes the others', async () => {
    const body = inputs(
      { url: `${base}/missing` },
      { url: `${base}/away` },
      { type: 'Observation', url: `${base}/patients` },
      { url: `${base}/patients` },
    );
    const manifest = manifestOf(await carriedOut(fhir, 'POST', '/$import', { body }));
    expect(manifest).toMatchObject({ output: [{ type: 'Patient', count: 250 }] });
    expect(manifest.error[0]?.count).toBe(252);
  });

  it('conditional references lead to what stands or came before; others are told of', async () => {
    const observation = (id: string, value: string) => ({
      ...{ resourceType: 'Observation', id, status: 'final', code: { text: 'x' } },
      subject: { reference: `Patient?identifier=urn:mrn|${value}` },
    });
    const lines = [
      { resourceType: 'Patient', id: 'p1', identifier: [{ system: 'urn:mrn', value: '1' }] },
      observation('o1', '1'),
      observation('o2', '2'),
      observation('o3', '1'),
    ];
    const body = text(lines);
    const manifest = manifestOf(
      await carriedOut(fhir, 'POST', '/$import', { body, headers: ndjson }),
    );
    expect(manifest.output.map(({ type, count }) => [type, count])).toEqual([
      ['Patient', 1],
      ['Observation', 2],
    ]);
    for (const id of ['o1', 'o3']) {
      const { json } = await fhir.call('GET', `/Observation/${id}`);
      expect(json.subject.reference).toBe('Patient/p1');
    }
    const [fault] = await faultsOf(manifest);
    expect(JSON.stringify(fault)).toContain('Line 3');
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://127.0.0.2/x',
    'file:///etc/passwd',
    'http://[::1]/x',
    'http://10.0.0.1/x',
    'nonsense',
  ])('fetches nothing from %s', async (url) => {
    const answer = await fhir.call('POST', '/$import', { body: inputs({ url }) });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('outbound-refused');
  });

  it.each([
    ['{}', {}],
    ['[]', {}],
    ['', ndjson],
    ['{"resourceType":"Parameters"}', {}],
    ['{"resourceType":"Parameters","parameter":{}}', {}],
    ['{"inputFormat":"application/fhir+ndjson"}', {}],
    ['{"inputFormat":"application/fhir+ndjson","input":[1]}', {}],
    ['{"inputFormat":"application/fhir+ndjson","input":[{}]}', {}],
    ['{"inputFormat":"text/csv","input":[{"url":"https://example.org"}]}', {}],
  ])('the body %s is refused', async (body, headers) => {
    const answer = await fhir.call('POST', '/$import', { body, headers });
    expect(answer.json.resourceType).toBe('OperationOutcome');
    expect([400, 422]).toContain(answer.status);
  });

  it('is for administrators', async () => {
    for (const token of ['integration', 'clinician', 'app:ada', 'admin:ada']) {
      const body = text(patients);
      const answer = await fhir.call('POST', '/$import', { body, headers: ndjson, token });
      expect(answer.status).toBe(403);
    }
  });
});
