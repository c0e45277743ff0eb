import { Alert, Button, Title } from '@mantine/core';
import { useEffect, useState } from 'react';
import { get, post } from './api.ts';
import { Rows } from './card.tsx';
import { secondOf } from './format.ts';
import { Show, useLoaded } from './loading.tsx';
import { useWorker } from './message-work.tsx';
import { MessageViews, StateBadge } from './messages-page.tsx';
import { Link } from './router.tsx';

interface Group {
  readonly feed: string;
  readonly state: string;
  readonly reason: string;
  readonly messageType: string;
  readonly count: number;
  readonly oldest: string;
  readonly newest: string;
  readonly id: string;
}

interface Run {
  readonly id: string;
  readonly state: string;
  readonly done: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** What failed or is parked, grouped by why, the most frequent first. */
export function DeadLettersPage() {
  const [times, setTimes] = useState(0);
  return <DeadLetters key={times} onRetried={() => setTimes(times + 1)} />;
}

function DeadLetters(props: { onRetried: () => void }) {
  const found = useLoaded<{ groups: readonly Group[]; counted: number; more: boolean }>(
    '/api/messages/dead-letters',
  );
  return (
    <>
      <Title order={1}>Dead letters</Title>
      <MessageViews />
      <Show of={found}>
        {({ groups, counted, more }) => (
          <>
            {groups.length === 0 && <p>Nothing failed, nothing is parked.</p>}
            {more && <p className="dim">The newest {counted} are counted; there are older ones.</p>}
            {groups.length > 0 && <Groups groups={groups} onRetried={props.onRetried} />}
          </>
        )}
      </Show>
    </>
  );
}

const head = ['Count', 'Feed', 'Type', 'State', 'Why', 'Since (UTC)', 'Last (UTC)', 'To do'];

function Groups(props: { groups: readonly Group[]; onRetried: () => void }) {
  const isWorker = useWorker();
  const rows = props.groups.map((group) => {
    const { feed, messageType, state, reason, count, oldest, newest, id } = group;
    const type = messageType === '' ? '' : ` type=${messageType}`;
    const query = new URLSearchParams({ q: `state=${state} feed=${feed}${type}` });
    return {
      key: [feed, state, messageType, reason].join('|'),
      cells: [
        <Link key="all" to={`/messages?${query}`}>
          {count}
        </Link>,
        feed,
        messageType || 'unreadable',
        <StateBadge key="state" state={state} />,
        <Link key="newest" to={`/messages/${id}`}>
          {reason || 'no reason is known'}
        </Link>,
        secondOf(oldest),
        secondOf(newest),
        isWorker && <RetryAll key="retry" group={group} onDone={props.onRetried} />,
      ],
    };
  });
  return <Rows label="Dead letters" head={head} rows={rows} />;
}

/** Retries all of the group's feed, type and state, and tells how far it is. */
function RetryAll(props: { group: Group; onDone: () => void }) {
  const { feed, messageType, state } = props.group;
  const [run, setRun] = useState<Run>();
  const [fault, setFault] = useState('');
  const fail = (error: unknown): void =>
    setFault(error instanceof Error ? error.message : String(error));
  useEffect(() => {
    if (run === undefined) return undefined;
    if (run.state !== 'running') {
      props.onDone();
      return undefined;
    }
    const timer = setTimeout(() => {
      get<Run>(`/api/messages/runs/${run.id}`).then(setRun, fail);
    }, 500);
    return () => clearTimeout(timer);
  }, [run]);
  const begin = (): void => {
    const query = { feed, state, ...(messageType === '' ? {} : { type: messageType }) };
    post<Run>('/api/messages/retry', { query }).then(setRun, fail);
  };
  if (fault !== '') return <Alert color="red">{fault}</Alert>;
  if (run !== undefined) return <span role="status">{run.done} done</span>;
  return (
    <Button size="compact-sm" variant="default" onClick={begin}>
      Retry all of feed and type
    </Button>
  );
}
