import { Badge, Button, Group, NativeSelect, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { splitConditions } from '../../feed/condition-text.ts';
import { Rows } from './card.tsx';
import { secondOf } from './format.ts';
import { Show, useLoaded } from './loading.tsx';
import { Link, usePath } from './router.tsx';

export interface MessageRow {
  readonly id: string;
  readonly feed: string;
  readonly receivedAt: string;
  readonly controlId: string;
  readonly messageType: string;
  readonly state: string;
  readonly attempts: number;
  readonly supersededBy?: string;
  readonly ackCode?: string;
  readonly lastError?: string;
  readonly patient?: string;
}

const states = ['', 'failed,parked', 'received', 'processed', 'failed', 'parked', 'ignored'];
const colours: Readonly<Record<string, string>> = {
  processed: 'teal.9',
  received: 'blue.8',
  failed: 'red.8',
  parked: 'orange.9',
};

export function StateBadge(props: { state: string }) {
  return <Badge color={colours[props.state] ?? 'gray.7'}>{props.state}</Badge>;
}

/** The ways to look at messages. */
export function MessageViews() {
  return (
    <Group component="nav" aria-label="Messages" gap="md" my="xs">
      <Link to="/messages">All messages</Link>
      <Link to="/messages/dead-letters">Dead letters</Link>
      <Link to="/messages/codes">Codes</Link>
      <Link to="/destinations">Destinations</Link>
    </Group>
  );
}

/** What is typed, as the server is asked: conditions, and what is none is a control id. */
function askedOf(text: string, state: string, cursor: string): URLSearchParams {
  const { conditions, rest } = splitConditions(text);
  const own: readonly (readonly [string, string])[] = [
    ['count', '50'],
    ...(rest === '' ? [] : ([['controlId', rest]] as const)),
    ...(state === '' ? [] : ([['state', state]] as const)),
    ...(cursor === '' ? [] : ([['cursor', cursor]] as const)),
  ];
  return new URLSearchParams([...own, ...conditions].map(([name, value]) => [name, value]));
}

/** Every message that came, newest first, with its state and the answer it got. */
export function MessagesPage() {
  const [, search = ''] = usePath().split('?');
  const [state, setState] = useState('');
  const [text, setText] = useState(new URLSearchParams(search).get('q') ?? '');
  const [asked] = useDebouncedValue(text, 250);
  const [cursor, setCursor] = useState('');
  const page = useLoaded<{ entries: readonly MessageRow[]; next?: string }>(
    `/api/messages?${askedOf(asked, state, cursor)}`,
  );
  const first = (change: () => void): void => {
    setCursor('');
    change();
  };
  return (
    <>
      <Title order={1}>Messages</Title>
      <MessageViews />
      <Group my="md" align="end">
        <NativeSelect
          label="State"
          value={state}
          onChange={(event) => first(() => setState(event.target.value))}
          data={states.map((value) => ({ value, label: value.replace(',', ' or ') || 'any' }))}
        />
        <TextInput
          type="search"
          label="Search"
          description="A control id, or conditions: PID-3=123 feed=lab type=ADT^A08 from=24h"
          w="32rem"
          maw="100%"
          value={text}
          onChange={(event) => first(() => setText(event.target.value))}
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
