import { Alert, Button, Container, PasswordInput, Stack, TextInput, Title } from '@mantine/core';
import type { ReactNode, SyntheticEvent } from 'react';
import { useState } from 'react';
import { post } from './api.ts';
import { navigate } from './router.tsx';

export function SignInPage(props: { usedLink: boolean }) {
  return (
    <Door title="Sign in to Weir" action="Sign in" path="/auth/sign-in">
      {props.usedLink && (
        <Alert color="orange">
          That link was used already, or its time is over. Ask for a new one.
        </Alert>
      )}
      <TextInput name="name" label="User name" autoComplete="username" required autoFocus />
      <PasswordInput name="password" label="Password" autoComplete="current-password" required />
    </Door>
  );
}

export function AdministratorPage() {
  return (
    <Door title="The first administrator" action="Create" path="/auth/administrator">
      <p className="dim">This account can make all others. The link you came by works only once.</p>
      <TextInput name="name" label="User name" autoComplete="username" required autoFocus />
      <TextInput name="display" label="Name as shown" autoComplete="name" />
      <PasswordInput
        name="password"
        label="Password"
        description="At least 10 characters"
        autoComplete="new-password"
        minLength={10}
        required
      />
    </Door>
  );
}

function Door(props: { title: string; action: string; path: string; children: ReactNode }) {
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function submit(event: SyntheticEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    setBusy(true);
    try {
      await post(props.path, Object.fromEntries(new FormData(event.currentTarget)));
      navigate('/');
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  }

  return (
    <Container size="xs" component="main" py="xl">
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <Title order={1}>{props.title}</Title>
          {props.children}
          {fault !== undefined && (
            <Alert color="red" role="alert">
              {fault}
            </Alert>
          )}
          <Button type="submit" loading={busy}>
            {props.action}
          </Button>
        </Stack>
      </form>
    </Container>
  );
}
