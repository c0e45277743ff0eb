/** Extensions of the Subscriptions R5 Backport, by the last part of their address. */
const backport = 'http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/';

/** The extensions of that name on an element (of a primitive: on its `_name`). */
export function extensionsOf(element: unknown, name: string): readonly object[] {
  return extensionsAt(element, `${backport}${name}`);
}

export function extensionsAt(element: unknown, url: string): readonly object[] {
  const { extension } = (element ?? {}) as { readonly extension?: unknown };
  if (!Array.isArray(extension)) return [];
  return (extension as readonly unknown[]).filter((one): one is object => {
    return typeof one === 'object' && one !== null && (one as { url?: unknown }).url === url;
  });
}

/** The value of an extension, whatever its type. */
export function valueOf(extension: object | undefined): unknown {
  return Object.entries(extension ?? {}).find(([key]) => key.startsWith('value'))?.[1];
}
