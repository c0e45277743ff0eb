import type { Asked } from './world.ts';

export function bundle(type: 'batch' | 'transaction', ...entry: readonly object[]): Asked {
  return { method: 'POST', url: '/', body: { resourceType: 'Bundle', type, entry } };
}

export function entry(method: string, url: string, resource?: object, more: object = {}): object {
  const { fullUrl, ...request } = more as { readonly fullUrl?: string };
  return {
    ...(fullUrl === undefined ? {} : { fullUrl }),
    ...(resource === undefined ? {} : { resource }),
    request: { method, url, ...request },
  };
}
