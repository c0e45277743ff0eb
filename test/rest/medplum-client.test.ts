import type { AddressInfo } from 'node:net';
import type { Patient } from '@medplum/fhirtypes';
import { MedplumClient, OperationOutcomeError } from '@medplum/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/store/memory.ts';
import { openFhirApp } from './fhir-app.ts';
import type { FhirApp } from './fhir-app.ts';

/** The tour of docs/how-to/app-tour.md over a real socket, with a client that people already use. */
describe('MedplumClient', () => {
  let fhir: FhirApp;
  let medplum: MedplumClient;
  beforeAll(async () => {
    fhir = await openFhirApp(async () => openMemoryStore());
    await fhir.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = fhir.app.server.address() as AddressInfo;
    medplum = new MedplumClient({
      baseUrl: `http://127.0.0.1:${String(port)}/`,
      fhirUrlPath: 'fhir',
      accessToken: 'admin',
      cacheTime: 0,
    });
  });
  afterAll(() => fhir.close());

  const identifier = [{ system: 'urn:mrn', value: '4711' }];

  it('creates, reads, updates, searches, batches and deletes', async () => {
    const created = await medplum.createResource<Patient>({
      resourceType: 'Patient',
      identifier,
      name: [{ family: 'Lovelace' }],
    });
    expect(created.meta?.versionId).toBe('1');
    const read = await medplum.readResource('Patient', created.id);
    expect(read).toEqual(created);
    const updated = await medplum.updateResource({ ...read, birthDate: '1815-12-10' });
    expect([updated.birthDate, updated.meta?.versionId]).toEqual(['1815-12-10', '2']);
    const patched = await medplum.patchResource('Patient', created.id, [
      { op: 'add', path: '/active', value: true },
    ]);
    expect(patched.active).toBe(true);
    const found = await medplum.searchOne('Patient', 'identifier=urn:mrn|4711');
    expect(found?.id).toBe(created.id);
    const bundle = await medplum.search('Patient', { family: 'love', _count: 5 });
    expect(bundle.total).toBe(1);
    const history = await medplum.readHistory('Patient', created.id);
    expect(history.entry?.map(({ resource }) => resource?.meta?.versionId)).toEqual([
      '3',
      '2',
      '1',
    ]);
    const batch = await medplum.executeBatch({
      resourceType: 'Bundle',
      type: 'batch',
      entry: [
        { request: { method: 'GET', url: `Patient/${created.id}` } },
        { request: { method: 'GET', url: 'Patient/never' } },
      ],
    });
    expect(batch.entry?.map(({ response }) => response?.status.slice(0, 3))).toEqual([
      '200',
      '404',
    ]);
    await medplum.deleteResource('Patient', created.id);
    await expect(medplum.readResource('Patient', created.id)).rejects.toThrow('deleted');
  });

  it('creates if none exists, once', async () => {
    const make = () =>
      medplum.createResourceIfNoneExist(
        { resourceType: 'Patient', identifier },
        'identifier=urn:mrn|4711',
      );
    const [first, second] = [await make(), await make()];
    expect(second.id).toBe(first.id);
  });

  it('gets an OperationOutcome for what breaks a rule', async () => {
    const wrong = { resourceType: 'Observation', status: 'zzz', code: { text: 'x' } };
    await expect(medplum.createResource(wrong as never)).rejects.toBeInstanceOf(
      OperationOutcomeError,
    );
  });

  it('walks all pages of a search', async () => {
    for (let i = 0; i < 7; i++) {
      await medplum.createResource({ resourceType: 'Organization', name: `Clinic ${String(i)}` });
    }
    const names: (string | undefined)[] = [];
    for await (const page of medplum.searchResourcePages('Organization', '_count=2&_sort=name')) {
      names.push(...page.map(({ name }) => name));
    }
    expect(names).toEqual(Array.from({ length: 7 }, (_, i) => `Clinic ${String(i)}`));
  });
});
