import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src/limits.ts';
import { createOutbound } from '../../src/ops/outbound.ts';
import { carriedOut, hurried, linesOf } from './background.ts';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

const line = (id: string, more: object = {}): string =>
  `${JSON.stringify({ resourceType: 'Patient', id, ...more })}\n`;
const deep = `${'['.repeat(1000)}${']'.repeat(1000)}`;

/** What a server of an input does; the first line that it sends is good. Then how many are taken, and what is told. */
const servers: readonly (readonly [
  what: string,
  serve: (response: ServerResponse) => void,
  taken: number,
  told: RegExp,
])[] = [
  [
    'breaks off',
    (r) => {
      r.writeHead(200, { 'content-length': 9999 }).write(line('p'));
      setTimeout(() => r.destroy(), 100);
    },
    1,
    /could not be fetched/,
  ],
  ['answers 500', (r) => r.writeHead(500).end(line('p')), 0, /status 500/],
  ['answers nothing and closes', (r) => r.destroy(), 0, /could not be fetched/],
  ['answers 204', (r) => r.writeHead(204).end(), 0, /status 204/],
  [
    'sends bytes that are no UTF-8',
    (r) => r.end(Buffer.concat([Buffer.from(line('p')), Buffer.from([0xc3, 0x28, 0x0a])])),
    0,
    /not UTF-8/,
  ],
  [
    'packs what nobody asked to be packed',
    (r) => r.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(line('p'))),
    0,
    /not UTF-8/,
  ],
  ['sends a page', (r) => r.end('<!doctype html>\n<title>Sign in</title>\n'), 0, /Line 1/],
  [
    'sends a line that does not end',
    (r) => r.end(line('p') + 'x'.repeat(limits.importLineCharsMax + 1)),
    1,
    /importLineCharsMax/,
  ],
  [
    'sends a line that nests too deep',
    (r) => r.end(`${line('p')}{"resourceType":"Patient","a":${deep}}\n`),
    1,
    /Line 2/,
  ],
  [
    'sends names of prototypes',
    (r) =>
      r.end(
        `${line('p')}{"resourceType":"Patient","__proto__":{"id":"x"}}\n{"resourceType":"constructor"}\n`,
      ),
    1,
    /Line 2/,
  ],
  [
    'sends ids that are none',
    (r) => r.end(line('p') + line('../x') + line('a'.repeat(65))),
    1,
    /Line 2/,
  ],
  [
    'sends what only Weir writes',
    (r) =>
      r.end(
        `${line('p')}{"resourceType":"Subscription","id":"s","status":"active","reason":"x","criteria":"Patient","channel":{"type":"rest-hook","endpoint":"http://169.254.169.254/"}}\n`,
      ),
    1,
    /Line 2/,
  ],
];

describe.each(stores)('an import on %s from a server that', (_name, open) => {
  let fhir: FhirApp;
  let base: string;
  let serve: (response: ServerResponse) => void = () => undefined;
  let unhurried: () => void;
  const server = createServer((_request, response) => serve(response));
  beforeAll(async () => {
    unhurried = hurried();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    fhir = await openFhirApp(open, { outbound: createOutbound('127.0.0.1') });
  });
  afterAll(async () => {
    await fhir.close();
    unhurried();
    server.close();
  });

  it.each(servers)(
    '%s is told of, and what came before stands',
    async (what, answer, taken, told) => {
      serve = answer;
      await fhir.call('DELETE', '/Patient/p');
      const body = {
        resourceType: 'Parameters',
        parameter: [
          { name: 'inputFormat', valueCode: 'application/fhir+ndjson' },
          { name: 'inputSource', valueUri: 'https://example.org' },
          {
            name: 'input',
            part: [{ name: 'url', valueUri: `${base}/${encodeURIComponent(what)}` }],
          },
        ],
      };
      const { status, text } = await carriedOut(fhir, 'POST', '/$import', { body });
      expect(status).toBe(200);
      const { error } = JSON.parse(text) as { error: { url: string }[] };
      const faults = await fhir.call('GET', error[0]?.url.split('/fhir')[1] ?? '');
      expect(JSON.stringify(linesOf(faults.text))).toMatch(told);
      expect((await fhir.call('GET', '/Patient?_id=p')).json.total).toBe(taken);
    },
  );
});
