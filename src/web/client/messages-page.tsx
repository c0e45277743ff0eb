import { Badge, Button, Group, NativeSelect, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { Rows } from './card.tsx';
import { secondOf } from './format.ts';
import { Show, useLoaded } from './loading.tsx';
import { Link } from './router.tsx';

export interface MessageRow {
  readonly id: string;
  readonly feed: string;
  readonly receivedAt: string;
  readonly controlId: string;
  readonly messageType: string;
  readonly state: string;
  readonly ackCode?: string;
  readonly lastError?: string;
  readonly patient?: string;
}

const states = ['', 'received', 'processed', 'failed', 'parked', 'ignored'];
const colours: Readonly<Record<string, string>> = {
  processed: 'teal.9',
  received: 'blue.8',
  failed: 'red.8',
  parked: 'orange.9',
};

export function StateBadge(props: { state: string }) {
  return <Badge color={colours[props.state] ?? 'gray.7'}>{props.state}</Badge>;
}

/** Every message that came, newest first, with its state and the answer it got. */
export function MessagesPage() {
  const [state, setState] = useState('');
  const [controlId, setControlId] = useState('');
  const [asked] = useDebouncedValue(controlId, 150);
  const [cursor, setCursor] = useState('');
  const query = new URLSearchParams({ count: '50', state, controlId: asked.trim(), cursor });
  const page = useLoaded<{ entries: readonly MessageRow[]; next?: string }>(
    `/api/messages?${query}`,
  );
  const first = (change: () => void): void => {
    setCursor('');
    change();
  };
  return (
    <>
      <Title order={1}>Messages</Title>
      <Group my="md" align="end">
        <NativeSelect
          label="State"
          value={state}
          onChange={(event) => first(() => setState(event.target.value))}
          data={states.map((value) => ({ value, label: value || 'any' }))}
        />
        <TextInput
          type="search"
          label="Control id (MSH-10)"
          value={controlId}
          onChange={(event) => first(() => setControlId(event.target.value))}
        />
      </Group>
      <Show of={page}>
        {({ entries, next }) => (
          <>
            <Messages rows={entries} />
            {next !== undefined && (
              <Button variant="default" mt="sm" onClick={() => setCursor(next)}>
                Older
              </Button>
            )}
          </>
        )}
      </Show>
    </>
  );
}

const head = ['Received (UTC)', 'Feed', 'Type', 'Control id', 'State', 'Answer', 'Why'];

function Messages(props: { rows: readonly MessageRow[] }) {
  if (props.rows.length === 0) return <p>No message like that.</p>;
  const rows = props.rows.map((row) => ({
    key: row.id,
    cells: [
      <Link key="link" to={`/messages/${row.id}`} className="whole">
        {secondOf(row.receivedAt)}
      </Link>,
      row.feed,
      row.messageType || 'unreadable',
      <span key="id" className="whole">
        {row.controlId}
      </span>,
      <StateBadge key="state" state={row.state} />,
      row.ackCode,
      row.lastError,
    ],
  }));
  return <Rows label="Messages" head={head} rows={rows} />;
}
