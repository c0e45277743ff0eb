import { Button, Container, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { useEffect } from 'react';
import { post } from './api.ts';
import { Show, useLoaded } from './loading.tsx';
import { Link, navigate } from './router.tsx';

interface Me {
  readonly display: string;
  readonly role: string;
}

/** What stands around every page: where one can go, and as whom. `/` puts the cursor into the search. */
export function Frame(props: { children: ReactNode }) {
  const me = useLoaded<Me>('/auth/me');
  useEffect(() => {
    document.addEventListener('keydown', focusSearch);
    return () => document.removeEventListener('keydown', focusSearch);
  }, []);
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="bar">
        <Container size="xl">
          <Group justify="space-between">
            <Group component="nav" aria-label="Pages">
              <Link to="/" className="brand">
                Weir
              </Link>
              <Link to="/people">People</Link>
              <Link to="/messages">Messages</Link>
            </Group>
            {me.state === 'ready' && (
              <Group gap="xs">
                <span>
                  {me.value.display} <span className="dim">({me.value.role})</span>
                </span>
                <Button size="compact-sm" variant="default" onClick={() => void signOut()}>
                  Sign out
                </Button>
              </Group>
            )}
          </Group>
        </Container>
      </header>
      <Container size="xl" component="main" id="content" py="md">
        <Show of={me}>{() => props.children}</Show>
      </Container>
    </>
  );
}

async function signOut(): Promise<void> {
  await post('/auth/sign-out', {});
  navigate('/sign-in');
}

function focusSearch(event: KeyboardEvent): void {
  if (event.key !== '/' || event.ctrlKey || event.metaKey) return;
  if (event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement)
    return;
  const search = document.querySelector<HTMLInputElement>('input[type=search]');
  if (search === null) return;
  event.preventDefault();
  search.focus();
}
