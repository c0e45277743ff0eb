import { Alert, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { useEffect, useState } from 'react';
import { ApiError, get } from './api.ts';
import { navigate } from './router.tsx';

export type Loaded<T> =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'ready'; readonly value: T };

/**
 * Loads `path` again whenever it changes; an answer that comes too late is dropped. What was there before
 * stays until the new is here, so that a list does not flicker while one types.
 */
export function useLoaded<T>(path: string): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ state: 'loading' });
  useEffect(() => {
    const abort = new AbortController();
    get<T>(path, abort.signal).then(
      (value) => setLoaded({ state: 'ready', value }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        if (error instanceof ApiError && error.status === 401) navigate('/sign-in');
        const message = error instanceof Error ? error.message : String(error);
        setLoaded({ state: 'failed', message });
      },
    );
    return () => abort.abort();
  }, [path]);
  return loaded;
}

export function Show<T>(props: { of: Loaded<T>; children: (value: T) => ReactNode }) {
  switch (props.of.state) {
    case 'loading':
      return <Loader size="sm" aria-label="Loading" />;
    case 'failed':
      return (
        <Alert color="red" title="That did not work">
          {props.of.message}
        </Alert>
      );
    case 'ready':
      return props.children(props.of.value);
  }
}
