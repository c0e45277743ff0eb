import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseXml } from '../../src/fhir/xml/read.ts';
import { toXml } from '../../src/fhir/xml/write.ts';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openFhirApp } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

const ada = {
  resourceType: 'Patient',
  id: 'ada',
  name: [{ family: 'Lovelace & <Co>', given: ['Ada'] }],
  birthDate: '1815-12-10',
};
const fhirXml = 'application/fhir+xml; charset=utf-8';
const xmlBody = { 'content-type': 'application/fhir+xml' };

describe('formats', () => {
  let fhir: FhirApp;
  beforeAll(async () => {
    fhir = await openFhirApp(async () => openMemoryStore());
    await fhir.call('PUT', '/Patient/ada', { body: ada });
  });
  afterAll(() => fhir.close());

  const accepting = (accept: string, url = '/Patient/ada') =>
    fhir.call('GET', url, { headers: { accept } });

  it.each([
    ['application/fhir+xml', '', fhirXml],
    ['application/xml', '', 'application/xml; charset=utf-8'],
    ['text/xml', '', 'application/xml; charset=utf-8'],
    ['application/fhir+json;q=0.5, application/fhir+xml', '', fhirXml],
    ['application/fhir+json', '?_format=xml', fhirXml],
    ['*/*', '?_format=application/fhir+xml', fhirXml],
    ['*/*', '?_format=application%2Ffhir%2Bxml', fhirXml],
    ['*/*', '?_format=xml&_pretty=true', fhirXml],
    ['application/fhir+xml;fhirVersion=4.0', '', fhirXml],
    [
      '*/*',
      '?_format=application/fhir%2Bjson;fhirVersion=4.0',
      'application/fhir+json; charset=utf-8',
    ],
    ['application/fhir+json;fhirVersion=3.0, application/fhir+xml', '', fhirXml],
    // A browser.
    [
      'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      '',
      'application/fhir+json; charset=utf-8',
    ],
  ])('Accept %s with %j is answered as %s', async (accept, query, type) => {
    const answer = await accepting(accept, `/Patient/ada${query}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe(type);
    if (type.includes('xml')) {
      expect(parseXml(answer.text).value).toMatchObject(ada);
    }
  });

  it.each([
    ['text/html', ''],
    ['application/fhir+turtle', ''],
    ['*/*', '?_format=ttl'],
    ['*/*', '?_format=constructor'],
    ['application/fhir+json;fhirVersion=3.0', ''],
    ['*/*', '?_format=application/fhir%2Bjson;fhirVersion=5.0'],
  ])('Accept %s with %j is 406, in JSON', async (accept, query) => {
    const answer = await accepting(accept, `/Patient/ada${query}`);
    expect(answer.status).toBe(406);
    expect(answer.json.issue[0]?.code).toBe('not-supported');
  });

  it.each([
    ['GET', '/Patient/ada/_history', 'Bundle'],
    ['GET', '/Patient?family=love', 'Bundle'],
    ['GET', '/Patient/ada/$everything', 'Bundle'],
    ['GET', '/metadata', 'CapabilityStatement'],
    ['GET', '/Patient/nobody', 'OperationOutcome'],
    ['GET', '/Nonsense', 'OperationOutcome'],
    ['GET', '/Nonsense%01', 'OperationOutcome'],
    ['GET', '/Patient?gender:bar=1', 'OperationOutcome'],
    ['DELETE', '/Patient/nobody/x/y/z', 'OperationOutcome'],
  ])('%s %s can be had in XML: a %s', async (method, url, type) => {
    const answer = await fhir.call(method, url, { headers: { accept: 'application/fhir+xml' } });
    if (url.endsWith('%01')) {
      // XML cannot carry the character that the text repeats.
      expect(answer.json.resourceType).toBe(type);
      return;
    }
    expect(answer.headers['content-type']).toBe(fhirXml);
    expect(parseXml(answer.text)).toMatchObject({ value: { resourceType: type }, issues: [] });
  });

  it('what is not FHIR has no form in XML', async () => {
    expect(await accepting('application/fhir+xml', '/Patient/ada/$timeline')).toMatchObject({
      status: 406,
    });
  });

  it('a resource, a Bundle and a patch are taken as XML', async () => {
    const body = toXml({ ...ada, id: 'eve' }, true);
    const made = await fhir.call('PUT', '/Patient/eve', { body, headers: xmlBody });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({ ...ada, id: 'eve' });
    const entry = [{ resource: ada, request: { method: 'POST', url: 'Patient' } }];
    const transaction = toXml({ resourceType: 'Bundle', type: 'transaction', entry });
    const headers = { ...xmlBody, accept: 'application/fhir+xml' };
    const done = await fhir.call('POST', '/', { body: transaction, headers });
    expect(parseXml(done.text).value).toMatchObject({ type: 'transaction-response' });
    const part = [
      { name: 'type', valueCode: 'replace' },
      { name: 'path', valueString: 'Patient.birthDate' },
      { name: 'value', valueDate: '1900-01-01' },
    ];
    const patch = toXml({ resourceType: 'Parameters', parameter: [{ name: 'operation', part }] });
    const patched = await fhir.call('PATCH', '/Patient/eve', { body: patch, headers: xmlBody });
    expect(patched.text).toContain('"birthDate":"1900-01-01"');
  });

  it('decimals come and go to the digit', async () => {
    const valueQuantity = `<valueQuantity><value value="1.00"/></valueQuantity>`;
    const body = `<Observation xmlns="http://hl7.org/fhir"><id value="d"/><status value="final"/><code><text value="x"/></code>${valueQuantity}</Observation>`;
    await fhir.call('PUT', '/Observation/d', { body, headers: xmlBody });
    expect((await fhir.call('GET', '/Observation/d')).text).toContain('"value":1.00}');
    expect((await accepting('application/fhir+xml', '/Observation/d')).text).toContain(
      valueQuantity,
    );
  });

  it.each([
    ['<Patient', 400, 'syntax-xml'],
    ['<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"/>', 400, 'syntax-xml'],
    ['<Patient/>', 400, 'structure'],
    ['<Patient xmlns="http://hl7.org/fhir"><foo value="1"/></Patient>', 400, 'structure'],
    ['<Patient xmlns="http://hl7.org/fhir"><gender value="x"/></Patient>', 422, 'code-invalid'],
    ['<Observation xmlns="http://hl7.org/fhir"/>', 400, 'id-mismatch'],
    [`<Patient xmlns="http://hl7.org/fhir">${'<contained><Patient>'.repeat(5000)}`, 400, 'limit'],
    [Buffer.from([0x3c, 0xff, 0xfe]), 400, 'syntax-xml'],
  ])('refuses the XML %s with %i %s', async (body, status, code) => {
    const answer = await fhir.call('POST', '/Patient', { body, headers: xmlBody });
    expect(answer.status).toBe(status);
    expect(answer.json.issue[0]?.details.coding[0]?.code).toBe(code);
  });

  it('a Content-Type of another FHIR version is 415', async () => {
    const headers = { 'content-type': 'application/fhir+json; fhirVersion=3.0' };
    expect(await fhir.call('POST', '/Patient', { body: ada, headers })).toMatchObject({
      status: 415,
    });
    const r4 = { 'content-type': 'application/fhir+json; fhirVersion=4.0' };
    expect(await fhir.call('POST', '/Patient', { body: ada, headers: r4 })).toMatchObject({
      status: 201,
    });
  });

  it('what XML cannot carry is 406 on reading, and stays written', async () => {
    const body = { resourceType: 'Patient', id: 'bell', name: [{ family: 'a\uffffb' }] };
    const headers = { accept: 'application/fhir+xml' };
    const put = await fhir.call('PUT', '/Patient/bell', { body, headers });
    expect([put.status, put.text]).toEqual([201, '']);
    const answer = await fhir.call('GET', '/Patient/bell', { headers });
    expect(answer.status).toBe(406);
    expect(answer.text).toContain('Patient.name[0].family');
  });
});
