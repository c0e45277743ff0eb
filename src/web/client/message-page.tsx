import { Badge, Group, Stack, Tabs, Title } from '@mantine/core';
import { useState } from 'react';
import { Card, Rows } from './card.tsx';
import { secondOf } from './format.ts';
import { Show, useLoaded } from './loading.tsx';
import { Unmask } from './message-reason.tsx';
import { Why } from './message-why.tsx';
import { MessageWork } from './message-work.tsx';
import { StateBadge } from './messages-page.tsx';
import type { MessageRow } from './messages-page.tsx';
import { Link } from './router.tsx';

/** What somebody did with a message. */
interface Note {
  readonly at: string;
  readonly by: string;
  readonly action: string;
  readonly reason?: string;
  readonly was?: string;
  readonly error?: string;
  readonly message?: string;
  readonly refused?: string;
}

export interface MessageView {
  readonly entry: MessageRow;
  readonly masked: boolean;
  readonly notes: readonly Note[];
  /** Segments, one per line. */
  readonly raw: string;
  readonly ack: string;
  readonly parsed: readonly {
    readonly position: string;
    readonly name: string;
    readonly value: string;
  }[];
  readonly written: readonly string[];
  readonly resources: readonly unknown[];
  readonly loss: readonly { readonly position: string; readonly count: number }[];
  readonly unmapped: readonly {
    readonly table: string;
    readonly code: string;
    readonly position: string;
  }[];
}

/** One message: as it came, how it was read, what it became, what was left over, and what to do with it. */
export function MessagePage(props: { id: string }) {
  const [look, setLook] = useState({ times: 0, reason: '' });
  const again = (reason: string): void => setLook(({ times }) => ({ times: times + 1, reason }));
  return <Look key={look.times} id={props.id} reason={look.reason} onLook={again} />;
}

/** A look at it: masked, or open for a reason. */
function Look(props: { id: string; reason: string; onLook: (reason: string) => void }) {
  const { id, reason, onLook } = props;
  const query = reason === '' ? '' : `?${new URLSearchParams({ unmask: 'true', reason })}`;
  const message = useLoaded<MessageView>(`/api/messages/${id}${query}`);
  return <Show of={message}>{(view) => <Message view={view} onLook={onLook} />}</Show>;
}

function Message(props: { view: MessageView; onLook: (reason: string) => void }) {
  const { entry, raw, ack, parsed, masked, notes } = props.view;
  return (
    <>
      <Title order={1}>{entry.messageType || 'Unreadable message'}</Title>
      <Group gap="md" mb="md">
        <span>{entry.feed}</span>
        <span>{entry.controlId}</span>
        <span>{secondOf(entry.receivedAt)} UTC</span>
        <StateBadge state={entry.state} />
        <Badge variant="outline">{entry.ackCode ?? 'no answer'}</Badge>
        <span>attempts {entry.attempts}</span>
        {entry.patient !== undefined && (
          <Link to={`/people/${entry.patient.replace('Patient/', '')}`}>The person</Link>
        )}
        {entry.supersededBy !== undefined && (
          <Link to={`/messages/${entry.supersededBy}`}>The message that took its place</Link>
        )}
      </Group>
      {entry.lastError !== undefined && <p role="alert">{entry.lastError}</p>}
      {masked && <Unmask onReason={props.onLook} />}
      <MessageWork view={props.view} onDone={() => props.onLook('')} />
      <Tabs defaultValue="raw" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="raw">Raw</Tabs.Tab>
          <Tabs.Tab value="parsed">Parsed</Tabs.Tab>
          <Tabs.Tab value="mapped">Mapped</Tabs.Tab>
          <Tabs.Tab value="why">Why</Tabs.Tab>
          <Tabs.Tab value="done">Done with it</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="raw" pt="md">
          <pre className="mono">{raw}</pre>
          <Title order={2} size="h5">
            Answer
          </Title>
          <pre className="mono">{ack}</pre>
        </Tabs.Panel>
        <Tabs.Panel value="parsed" pt="md">
          <Rows
            head={['Position', 'Name', 'Value']}
            rows={parsed.map(({ position, name, value }) => ({
              key: position,
              cells: [position, name, value],
            }))}
          />
        </Tabs.Panel>
        <Tabs.Panel value="mapped" pt="md">
          <Mapped view={props.view} />
        </Tabs.Panel>
        <Tabs.Panel value="why" pt="md">
          <Why id={entry.id} />
        </Tabs.Panel>
        <Tabs.Panel value="done" pt="md">
          <Notes notes={notes} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Notes(props: { notes: readonly Note[] }) {
  if (props.notes.length === 0) return <p className="dim">Nobody has worked on it.</p>;
  return (
    <Rows
      head={['When (UTC)', 'Who', 'What', 'Why', 'How it stood']}
      rows={props.notes.map(
        ({ at, by, action, reason, was = '', error = '', message, refused }) => ({
          key: `${at} ${action}`,
          cells: [
            secondOf(at),
            by,
            message === undefined ? (
              action
            ) : (
              <Link key="other" to={`/messages/${message}`}>
                {action}
              </Link>
            ),
            reason,
            [was, error, refused === undefined ? '' : `refused: ${refused}`]
              .filter(Boolean)
              .join(' '),
          ],
        }),
      )}
    />
  );
}

/** What became of it, after what did not. */
function Mapped(props: { view: MessageView }) {
  const { resources, loss, unmapped } = props.view;
  return (
    <>
      <Stack mb="md">
        <Card title="Not read by any rule" count={loss.length} empty="Every valued field was read.">
          <p>{loss.map(({ position, count }) => `${position} (${count})`).join(', ')}</p>
        </Card>
        <Card title="Codes that no table has" count={unmapped.length} empty="Every code was found.">
          <p>
            {unmapped.map(({ table, code, position }) => `${position} ${table} ${code}`).join(', ')}
          </p>
        </Card>
      </Stack>
      {resources.length === 0 && (
        <p className="dim">This message left nothing in the record that was not there.</p>
      )}
      {resources.map((resource, index) => (
        <pre className="mono" key={index}>
          {JSON.stringify(resource, null, 2)}
        </pre>
      ))}
    </>
  );
}
