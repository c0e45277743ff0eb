import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFhirApp, stores } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

const observation = { resourceType: 'Observation', status: 'final', code: { text: 'Glucose' } };
const inner = { resourceType: 'Patient', id: 'in' };
const holding = (contained: object, more: object = { subject: { reference: '#in' } }) => ({
  ...observation,
  contained: [contained],
  ...more,
});
const withText = (div: string) => ({
  resourceType: 'Patient',
  text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${div}</div>` },
});

describe.each(stores)('validation over HTTP on %s', (_name, open) => {
  let fhir: FhirApp;
  beforeEach(async () => {
    fhir = await openFhirApp(open);
  });
  afterEach(() => fhir.close());

  /** Status, FHIR issue type and place of the first issue; 201 alone where there is none. */
  async function write(body: unknown): Promise<readonly unknown[]> {
    const type =
      typeof body === 'string' ? 'Patient' : (body as { resourceType: string }).resourceType;
    const { status, json } = await fhir.call('POST', `/${type}`, { body });
    if (status === 201) return [201];
    const [issue] = json.issue;
    return [status, issue?.code, issue?.expression?.[0]];
  }

  it('B14 what cannot be read is 400, what breaks a rule is 422, each with its place', async () => {
    expect(await write({ ...observation, colour: 'red' })).toEqual([
      400,
      'structure',
      'Observation.colour',
    ]);
    expect(await write({ ...observation, status: 7 })).toEqual([
      400,
      'structure',
      'Observation.status',
    ]);
    expect(await write({ ...observation, issued: 'soon' })).toEqual([
      400,
      'value',
      'Observation.issued',
    ]);
    expect(await write({ ...observation, status: undefined })).toEqual([
      422,
      'required',
      'Observation.status',
    ]);
    expect(await write({ ...observation, status: 'zzz' })).toEqual([
      422,
      'code-invalid',
      'Observation.status',
    ]);
    const subject = { reference: 'Organization/1' };
    expect(await write({ ...observation, subject })).toEqual([
      422,
      'invalid',
      'Observation.subject',
    ]);
    const dataAbsentReason = { text: 'none' };
    expect(await write({ ...observation, valueString: 'a', dataAbsentReason })).toEqual([
      422,
      'invariant',
      'Observation',
    ]);
    const { json } = await fhir.call('POST', '/Patient', { body: '{\n  "resourceType": }' });
    expect(json.issue[0]).toMatchObject({ code: 'structure' });
    expect(json.issue[0]?.diagnostics).toMatch(/line 2, column 19/);
  });

  it('B15 no empty arrays or objects, null only beside its partner, no key twice', async () => {
    const patient = { resourceType: 'Patient' };
    expect(await write({ ...patient, name: [] })).toEqual([400, 'structure', 'Patient.name']);
    expect(await write({ ...patient, name: [{}] })).toEqual([400, 'structure', 'Patient.name[0]']);
    expect(await write({ ...patient, gender: null })).toEqual([400, 'structure', 'Patient.gender']);
    expect(await write({ ...patient, name: [{ given: [null] }] })).toEqual([
      400,
      'structure',
      'Patient.name[0].given[0]',
    ]);
    const extension = [{ url: 'urn:x', valueCode: 'a' }];
    expect(await write({ ...patient, _birthDate: { extension } })).toEqual([201]);
    const given = [null, 'B'];
    const name = [{ given, _given: [{ extension }, null] }];
    expect(await write({ ...patient, name })).toEqual([201]);
    const [status, code] = await write('{"resourceType":"Patient","active":true,"active":false}');
    expect([status, code]).toEqual([400, 'structure']);
  });

  it('B16 decimals keep their digits', async () => {
    for (const digits of ['1.00', '0.010', '1e2', '123456789012345678.90', '-0.0']) {
      const body = `{"resourceType":"Observation","id":"d","status":"final","code":{"text":"a"},"valueQuantity":{"value":${digits}}}`;
      expect((await fhir.call('PUT', '/Observation/d', { body })).status).toBeLessThan(300);
      expect((await fhir.call('GET', '/Observation/d')).text).toContain(`"value":${digits}}`);
    }
    const integer = '{"resourceType":"Patient","multipleBirthInteger":2.0}';
    expect(await write(integer)).toEqual([400, 'value', 'Patient.multipleBirth']);
  });

  it('B17 times need seconds and a zone, there is no hour 24, a leap second is legal', async () => {
    const right = [
      '2026-01-01T10:00:00Z',
      '2026-01-01T10:00:00.123456+13:00',
      '2016-12-31T23:59:60Z',
    ];
    for (const issued of right)
      expect([issued, await write({ ...observation, issued })]).toEqual([issued, [201]]);
    const wrong = [
      '2026-01-01',
      '2026-01-01T10:00Z',
      '2026-01-01T10:00:00',
      '2026-01-01T24:00:00Z',
      '2026-02-30T10:00:00Z',
      '2026-01-01T10:00:00+25:00',
    ];
    for (const issued of wrong) {
      const told = await write({ ...observation, issued });
      expect([issued, told]).toEqual([issued, [400, 'value', 'Observation.issued']]);
    }
    for (const effectiveDateTime of ['2026', '2026-01', '2026-01-01']) {
      expect(await write({ ...observation, effectiveDateTime })).toEqual([201]);
    }
    for (const effectiveDateTime of [
      '2026-01-01T10:00Z',
      '2026-01-01T10:00:00',
      '2026-1-1',
      '26',
    ]) {
      expect(await write({ ...observation, effectiveDateTime })).toEqual([
        400,
        'value',
        'Observation.effective',
      ]);
    }
  });

  it('B18 contained resources hold none, have no version, and are referred to; # is the container', async () => {
    const fault = [422, 'invariant', 'Observation.contained[0]'];
    expect(await write(holding(inner))).toEqual([201]);
    expect(await write(holding({ ...inner, contained: [{ ...inner, id: 'x' }] }))).toEqual(fault);
    for (const meta of [
      { versionId: '1' },
      { lastUpdated: '2026-01-01T00:00:00Z' },
      { security: [{ code: 'R' }] },
    ]) {
      expect(await write(holding({ ...inner, meta }))).toEqual(fault);
    }
    expect(await write(holding({ ...inner, meta: { tag: [{ code: 'R' }] } }))).toEqual([201]);
    expect(await write(holding(inner, {}))).toEqual(fault);
    expect(await write(holding({ resourceType: 'Patient' }, {}))).toEqual(fault);
    expect(await write({ ...observation, subject: { reference: '#none' } })).toEqual([
      422,
      'invariant',
      'Observation.subject',
    ]);
    const back = { ...inner, link: [{ other: { reference: '#' }, type: 'refer' }] };
    const own = { resourceType: 'Patient', contained: [back] };
    expect(await write(own)).toEqual([201]);
  });

  it('B20 what was answered in part is not taken for the whole', async () => {
    await fhir.call('PUT', '/Patient/p', {
      body: { resourceType: 'Patient', id: 'p', name: [{ family: 'Byron' }], active: true },
    });
    const { json } = await fhir.call('GET', '/Patient?_id=p&_elements=active');
    const part = json.entry[0]?.resource;
    expect(part?.meta.tag).toMatchObject([{ code: 'SUBSETTED' }]);
    const answer = await fhir.call('PUT', '/Patient/p', { body: part });
    expect([answer.status, answer.json.issue[0]?.expression]).toEqual([422, ['Patient.meta.tag']]);
    expect((await fhir.call('GET', '/Patient/p')).text).toContain('Byron');
  });

  it('closes the gaps of the base: bindings, ids, narratives, targets, choices', async () => {
    const id = { resourceType: 'Patient', id: 'bad id!' };
    expect(await write(id)).toEqual([400, 'value', 'Patient.id']);
    expect((await fhir.call('PUT', '/Patient/bad%20id!', { body: id })).status).toBe(400);
    for (const div of [
      '<script>alert(1)</script>',
      '<img src="javascript:alert(1)"/>',
      '<p>a',
      '',
    ]) {
      expect(await write(withText(div))).toEqual([422, 'invariant', 'Patient.text.div']);
    }
    expect(await write(withText('<p class="a">b</p>'))).toEqual([201]);
    const two = [{ url: 'urn:x', valueCode: 'a', valueString: 'b' }];
    expect(await write({ resourceType: 'Patient', extension: two })).toEqual([
      400,
      'structure',
      'Patient.extension[0].value',
    ]);
    expect(await write({ resourceType: 'Organization', active: true })).toEqual([
      422,
      'invariant',
      'Organization',
    ]);
    const managingOrganization = { reference: 'Patient/1' };
    expect(await write({ resourceType: 'Patient', managingOrganization })).toEqual([
      422,
      'invalid',
      'Patient.managingOrganization',
    ]);
  });
});
