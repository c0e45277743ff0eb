/** The object without its undefined values, as `exactOptionalPropertyTypes` wants it. */
export function defined<T extends object>(values: {
  [K in keyof T]: object extends Pick<T, K> ? T[K] | undefined : T[K];
}): T {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as unknown as T;
}
