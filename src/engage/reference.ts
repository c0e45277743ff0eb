import { formatReference, parseReference } from '../fhir/reference.ts';
import type { Resource } from '../fhir/resource.ts';
import { systems } from './codes.ts';

/** A FHIR Reference as this room writes it. */
export interface Reference {
  readonly reference?: string;
  readonly type?: string;
  readonly identifier?: { readonly system?: string; readonly value?: string };
  readonly display?: string;
}

/** A department has no shell resource: it is named, as an Organization, by its code. */
export function departmentReference(code: string, display: string | undefined): Reference {
  return {
    type: 'Organization',
    identifier: { system: systems.department, value: code },
    ...(display === undefined ? {} : { display }),
  };
}

/** `Type/id` of a resource that has both. */
export function referenceTo(resource: Resource): string {
  return formatReference(resource.resourceType, resource.id ?? '');
}

/** `Type/id` (or `.../_history/v`) taken apart; undefined for what is not in this store. */
export function splitReference(
  reference: string,
): { readonly type: string; readonly id: string } | undefined {
  const parsed = parseReference(reference);
  return parsed?.kind === 'relative' ? { type: parsed.type, id: parsed.id } : undefined;
}

/** The Reference objects in a list of FHIRPath results; strings are taken as references. */
export function asReferences(values: readonly unknown[]): readonly Reference[] {
  return values.flatMap((value) => {
    if (typeof value === 'string') return [{ reference: value }];
    if (typeof value !== 'object' || value === null) return [];
    const { reference, type, identifier, display } = value as Reference;
    if (reference === undefined && identifier === undefined) return [];
    return [
      {
        ...(reference === undefined ? {} : { reference }),
        ...(type === undefined ? {} : { type }),
        ...(identifier === undefined ? {} : { identifier }),
        ...(display === undefined ? {} : { display }),
      },
    ];
  });
}

/** The type a Reference points to, read from the reference or its `type`. */
export function typeOf(reference: Reference): string | undefined {
  return (
    (reference.reference === undefined ? undefined : splitReference(reference.reference)?.type) ??
    reference.type
  );
}

/** The one patient a resource is about: `subject`, `patient`, `for`, or the patient who takes part. */
export function patientOf(resource: Resource): Reference | undefined {
  const participants = resource['participant'];
  const actors = Array.isArray(participants)
    ? participants.map((each) => (each as { actor?: unknown }).actor)
    : [];
  const candidates = [resource['subject'], resource['patient'], resource['for'], ...actors];
  return resource.resourceType === 'Patient'
    ? { reference: referenceTo(resource) }
    : asReferences(candidates).find((each) => typeOf(each) === 'Patient');
}
