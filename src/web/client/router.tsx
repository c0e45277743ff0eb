import type { AnchorHTMLAttributes, ReactNode } from 'react';
import { useSyncExternalStore } from 'react';

/** The address bar as state: three pages need no more. */
const changed = 'weir:address';

export function navigate(to: string): void {
  window.history.pushState(null, '', to);
  window.dispatchEvent(new Event(changed));
  window.scrollTo(0, 0);
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname + window.location.search);
}

/** A link that stays in the page; with a modifier key it opens as any link does. */
export function Link(
  props: { to: string; children: ReactNode } & AnchorHTMLAttributes<HTMLAnchorElement>,
) {
  const { to, ...rest } = props;
  return (
    <a
      href={to}
      {...rest}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        navigate(to);
      }}
    />
  );
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('popstate', listener);
  window.addEventListener(changed, listener);
  return () => {
    window.removeEventListener('popstate', listener);
    window.removeEventListener(changed, listener);
  };
}
