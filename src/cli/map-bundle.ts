import type { Resource } from '../fhir/resource.ts';
import type { MappedResource } from '../mapping/result.ts';
import { withId } from './map-message.ts';

/** A transaction Bundle (http://hl7.org/fhir/R4/http.html#transaction) as plain JSON. */
export interface TransactionBundle {
  readonly resourceType: 'Bundle';
  readonly type: 'transaction';
  readonly entry: readonly BundleEntry[];
}

interface BundleEntry {
  readonly fullUrl: string;
  readonly resource: Resource;
  readonly request: Readonly<Record<string, string>>;
}

/** What a commit would write, before identity is resolved. */
export function transactionBundle(resources: readonly MappedResource[]): TransactionBundle {
  return { resourceType: 'Bundle', type: 'transaction', entry: resources.map(entryOf) };
}

/**
 * A person is updated by the identifier that the source owns (conditional update); what has a business
 * key by its logical id; the rest is made anew.
 */
function entryOf(mapped: MappedResource): BundleEntry {
  const { resource, fullUrl, identity, write } = mapped;
  const type = resource.resourceType;
  switch (identity.kind) {
    case 'person': {
      const [first] = identity.identifiers;
      const token = `${escapeToken(first?.system ?? '')}|${escapeToken(first?.value ?? '')}`;
      const url = `${type}?identifier=${encodeURIComponent(token)}`;
      return { fullUrl, resource, request: { method: 'PUT', url } };
    }
    case 'key': {
      const identified = withId(mapped);
      const once = write === 'create-only' ? { ifNoneMatch: '*' } : {};
      const url = `${type}/${identified.id}`;
      return { fullUrl, resource: identified, request: { method: 'PUT', url, ...once } };
    }
    case 'none':
      return { fullUrl, resource, request: { method: 'POST', url: type } };
  }
}

/** http://hl7.org/fhir/R4/search.html#escaping */
function escapeToken(text: string): string {
  return text.replace(/[\\,$|]/g, '\\$&');
}
