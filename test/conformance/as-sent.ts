type Shown = Readonly<Record<string, unknown>>;

/** A resource without what a server gives it: version and time. */
export function withoutStamp(resource: Shown): Shown {
  const meta = without(resource['meta'] ?? {}, ['versionId', 'lastUpdated']);
  const rest = without(resource, ['meta']);
  return Object.keys(meta).length === 0 ? rest : { ...rest, meta };
}

/** The same without its id. */
export function withoutPlace(resource: Shown): Shown {
  return without(withoutStamp(resource), ['id']);
}

function without(value: object, names: readonly string[]): Shown {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !names.includes(key)));
}
