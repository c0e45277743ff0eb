import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatReference,
  isLogicalId,
  localReference,
  parseReference,
} from '../../src/fhir/reference.ts';
import { listReferences, rewriteReferences } from '../../src/fhir/reference-walk.ts';

describe('parseReference', () => {
  it.each<readonly [string, object | undefined]>([
    ['Patient/1', { kind: 'relative', type: 'Patient', id: '1' }],
    ['Patient/1/_history/2', { kind: 'relative', type: 'Patient', id: '1', version: '2' }],
    [
      'https://x/fhir/Patient/1',
      {
        kind: 'absolute',
        base: 'https://x/fhir',
        type: 'Patient',
        id: '1',
        url: 'https://x/fhir/Patient/1',
      },
    ],
    [
      'http://x/Patient/1/_history/2',
      {
        kind: 'absolute',
        base: 'http://x',
        type: 'Patient',
        id: '1',
        version: '2',
        url: 'http://x/Patient/1',
      },
    ],
    ['#', { kind: 'contained', id: '' }],
    ['#a', { kind: 'contained', id: 'a' }],
    ['Patient?identifier=a|b', { kind: 'conditional', type: 'Patient', query: 'identifier=a|b' }],
    ['urn:uuid:1', { kind: 'url', url: 'urn:uuid:1' }],
    ['urn:oid:1.2', { kind: 'url', url: 'urn:oid:1.2' }],
    ['http://x/ValueSet/a|1', { kind: 'url', url: 'http://x/ValueSet/a', version: '1' }],
    ['http://example.org', { kind: 'url', url: 'http://example.org' }],
    ['Patient', undefined],
    ['Patient/', undefined],
    ['patient/1', undefined],
    ['Martian/1', undefined],
    ['Patient/1/2', undefined],
    [`Patient/${'a'.repeat(65)}`, undefined],
    ['Patient/a b', undefined],
    ['', undefined],
  ])('%s', (text, parsed) => {
    expect(parseReference(text)).toEqual(parsed);
  });

  it('reads what formatReference writes', () => {
    const id = fc.stringMatching(/^[A-Za-z0-9\-.]{1,64}$/);
    fc.assert(
      fc.property(id, fc.option(id, { nil: undefined }), (logicalId, version) => {
        expect(isLogicalId(logicalId)).toBe(true);
        const parsed = parseReference(formatReference('Patient', logicalId, version));
        expect(parsed).toMatchObject({ kind: 'relative', type: 'Patient', id: logicalId });
        expect(parsed && 'version' in parsed ? parsed.version : undefined).toBe(version);
      }),
    );
  });

  it('takes its own address as relative', () => {
    const parsed = parseReference('http://x/fhir/Patient/1/_history/2');
    expect(parsed && localReference(parsed, 'http://x/fhir')).toEqual({
      kind: 'relative',
      type: 'Patient',
      id: '1',
      version: '2',
    });
    expect(parsed && localReference(parsed, 'http://y/fhir')).toBe(parsed);
    expect(parsed && localReference(parsed, undefined)).toBe(parsed);
  });
});

const urn = 'urn:uuid:6f8f470e-07e8-4273-ad11-6e3fdc384a09';

const resource = {
  resourceType: 'DocumentReference',
  contained: [
    { resourceType: 'Patient', id: 'c', link: [{ other: { reference: urn }, type: 'refer' }] },
  ],
  text: {
    status: 'generated',
    div: `<div xmlns="http://www.w3.org/1999/xhtml"><a class="x" href="${urn}">a</a><img src='${urn}' alt="${urn}"/></div>`,
  },
  meta: { profile: [urn], source: urn },
  extension: [
    { url: 'http://e', valueReference: { reference: urn } },
    { url: 'http://f', valueCanonical: urn },
    { url: 'http://g', valueString: urn },
  ],
  _description: { extension: [{ url: 'http://h', valueUri: urn }] },
  status: 'current',
  subject: { reference: urn, display: urn },
  content: [{ attachment: { url: urn, title: 'x' } }, { attachment: { url: 'http://keep' } }],
  context: { related: [{ reference: 'Patient/keep' }] },
};

describe('rewriteReferences', () => {
  const rewritten = rewriteReferences(resource, (text) =>
    text === urn ? 'Patient/1?a&b' : undefined,
  );

  it('rewrites references, addresses and narrative links, not canonicals and words', () => {
    expect(rewritten).toEqual({
      ...resource,
      contained: [
        {
          resourceType: 'Patient',
          id: 'c',
          link: [{ other: { reference: 'Patient/1?a&b' }, type: 'refer' }],
        },
      ],
      text: {
        status: 'generated',
        div: `<div xmlns="http://www.w3.org/1999/xhtml"><a class="x" href="Patient/1?a&amp;b">a</a><img src="Patient/1?a&amp;b" alt="${urn}"/></div>`,
      },
      meta: { profile: [urn], source: 'Patient/1?a&b' },
      extension: [
        { url: 'http://e', valueReference: { reference: 'Patient/1?a&b' } },
        { url: 'http://f', valueCanonical: urn },
        { url: 'http://g', valueString: urn },
      ],
      _description: { extension: [{ url: 'http://h', valueUri: 'Patient/1?a&b' }] },
      subject: { reference: 'Patient/1?a&b', display: urn },
      content: [
        { attachment: { url: 'Patient/1?a&b', title: 'x' } },
        { attachment: { url: 'http://keep' } },
      ],
    });
  });

  it('shares what it does not change', () => {
    expect(rewritten.context).toBe(resource.context);
    expect(rewriteReferences(resource, () => undefined)).toBe(resource);
  });

  it('leaves the resources of a Bundle to their owner', () => {
    const bundle = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ resource: { resourceType: 'Observation', subject: { reference: urn } } }],
    };
    expect(rewriteReferences(bundle, () => 'Patient/1')).toBe(bundle);
    expect(listReferences(bundle)).toEqual([]);
  });
});

describe('listReferences', () => {
  it('tells each reference, its place and its targets', () => {
    expect(listReferences(resource)).toMatchObject([
      {
        reference: urn,
        path: 'DocumentReference.contained[0].link[0].other',
        targets: ['Patient', 'RelatedPerson'],
      },
      { reference: urn, path: 'DocumentReference.extension[0].value' },
      { reference: urn, path: 'DocumentReference.subject' },
      { reference: 'Patient/keep', path: 'DocumentReference.context.related[0]' },
    ]);
  });

  it('looks into the extensions of simple values', () => {
    const _birthDate = {
      extension: [{ url: 'http://e', valueReference: { reference: 'Patient/1' } }],
    };
    expect(listReferences({ resourceType: 'Patient', _birthDate })).toMatchObject([
      { path: 'Patient.birthDate.extension[0].value' },
    ]);
  });
});
