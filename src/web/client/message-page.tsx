import { Badge, Group, Stack, Tabs, Title } from '@mantine/core';
import { Card, Rows } from './card.tsx';
import { secondOf } from './format.ts';
import { Show, useLoaded } from './loading.tsx';
import { StateBadge } from './messages-page.tsx';
import type { MessageRow } from './messages-page.tsx';
import { Link } from './router.tsx';

interface MessageView {
  readonly entry: MessageRow;
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

/** One message: as it came, how it was read, what it became, and what was left over. */
export function MessagePage(props: { id: string }) {
  const message = useLoaded<MessageView>(`/api/messages/${props.id}`);
  return <Show of={message}>{(view) => <Message view={view} />}</Show>;
}

function Message(props: { view: MessageView }) {
  const { entry, raw, ack, parsed } = props.view;
  return (
    <>
      <Title order={1}>{entry.messageType || 'Unreadable message'}</Title>
      <Group gap="md" mb="md">
        <span>{entry.feed}</span>
        <span>{entry.controlId}</span>
        <span>{secondOf(entry.receivedAt)} UTC</span>
        <StateBadge state={entry.state} />
        <Badge variant="outline">{entry.ackCode ?? 'no answer'}</Badge>
        {entry.patient !== undefined && (
          <Link to={`/people/${entry.patient.replace('Patient/', '')}`}>The person</Link>
        )}
      </Group>
      {entry.lastError !== undefined && <p role="alert">{entry.lastError}</p>}
      <Tabs defaultValue="raw" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="raw">Raw</Tabs.Tab>
          <Tabs.Tab value="parsed">Parsed</Tabs.Tab>
          <Tabs.Tab value="mapped">Mapped</Tabs.Tab>
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
      </Tabs>
    </>
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
