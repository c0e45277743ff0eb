import { Alert, Badge, Button, Group, Title } from '@mantine/core';
import { useState } from 'react';
import { post } from './api.ts';
import { Rows } from './card.tsx';
import { secondOf } from './format.ts';
import { Show, useLoaded } from './loading.tsx';
import { WithReason } from './message-reason.tsx';
import { MessageViews } from './messages-page.tsx';
import { Link } from './router.tsx';

interface Destination {
  readonly name: string;
  readonly title: string;
  readonly address: string;
  readonly state: string;
  readonly breaker: string;
  readonly depth: number;
  readonly aside: number;
  readonly oldestAgeMs: number;
  readonly sent: number;
  readonly nextRetryAt?: string;
  readonly lastError?: string;
  readonly paused?: { readonly by: string; readonly reason: string };
}

const colours: Readonly<Record<string, string>> = {
  waiting: 'teal.9',
  sending: 'blue.8',
  away: 'red.8',
  held: 'red.8',
  paused: 'orange.9',
  maintenance: 'orange.9',
};

/** Who gets messages from here: what waits for each, whether it answers, and why not. */
export function DestinationsPage() {
  const [times, setTimes] = useState(0);
  return <Destinations key={times} onDone={() => setTimes(times + 1)} />;
}

const head = [
  'Destination',
  'State',
  'Waiting',
  'Aside',
  'Oldest',
  'Sent',
  'Circuit',
  'Next try (UTC)',
  'Last error',
  'To do',
];

function Destinations(props: { onDone: () => void }) {
  const found = useLoaded<{ destinations: readonly Destination[] }>('/api/destinations');
  const [asked, setAsked] = useState<Asked>();
  return (
    <>
      <Title order={1}>Destinations</Title>
      <MessageViews />
      <Show of={found}>
        {({ destinations }) =>
          destinations.length === 0 ? (
            <p>No message goes anywhere from here.</p>
          ) : (
            <Rows
              label="Destinations"
              head={head}
              rows={destinations.map((each) => ({
                key: each.name,
                cells: cellsOf(each, setAsked),
              }))}
            />
          )
        }
      </Show>
      {asked !== undefined && <Deed asked={asked} onDone={props.onDone} />}
    </>
  );
}

function cellsOf(each: Destination, onAsk: (asked: Asked) => void) {
  const { name, title, address, depth, aside, oldestAgeMs, sent, breaker } = each;
  const word = each.paused === undefined ? 'pause' : 'resume';
  return [
    <Link key="name" to={`/destinations/${name}`} title={address}>
      {title}
    </Link>,
    <Badge key="state" color={colours[each.state] ?? 'gray.7'}>
      {each.state}
    </Badge>,
    depth,
    aside,
    depth === 0 ? '' : durationOf(oldestAgeMs),
    sent,
    breaker,
    each.nextRetryAt === undefined ? '' : secondOf(each.nextRetryAt),
    each.paused === undefined
      ? (each.lastError ?? '')
      : `Paused by ${each.paused.by}: ${each.paused.reason}`,
    <Button
      key="work"
      size="compact-sm"
      variant="default"
      onClick={() => onAsk({ path: `/api/destinations/${name}/${word}`, word, what: title })}
    >
      {word === 'pause' ? 'Pause' : 'Resume'}
    </Button>,
  ];
}

interface Delivery {
  readonly id: string;
  readonly controlId: string;
  readonly messageType: string;
  readonly cause: string;
  readonly queuedAt: string;
  readonly state: string;
  readonly attempts: number;
  readonly ackCode?: string;
  readonly lastError?: string;
  readonly settledAt?: string;
}

const lists = { queue: 'Waiting', aside: 'Put aside', done: 'Settled' } as const;

/** What waits for one destination, what was put aside, and what it got last. */
export function DestinationPage(props: { name: string }) {
  const [times, setTimes] = useState(0);
  const [asked, setAsked] = useState<Asked>();
  const done = (): void => {
    setAsked(undefined);
    setTimes(times + 1);
  };
  return (
    <>
      <Title order={1}>{props.name}</Title>
      <MessageViews />
      {Object.entries(lists).map(([list, title]) => (
        <Deliveries
          key={`${list} ${times}`}
          name={props.name}
          list={list}
          title={title}
          onAsk={setAsked}
        />
      ))}
      {asked !== undefined && <Deed key={asked.path} asked={asked} onDone={done} />}
    </>
  );
}

const deliveryHead = [
  'Since (UTC)',
  'Type',
  'Control id',
  'State',
  'Tries',
  'Answer',
  'Last error',
  'To do',
];

function Deliveries(props: {
  name: string;
  list: string;
  title: string;
  onAsk: (asked: Asked) => void;
}) {
  const { name, list, title, onAsk } = props;
  const found = useLoaded<{ deliveries: readonly Delivery[] }>(
    `/api/destinations/${name}/deliveries?list=${list}`,
  );
  return (
    <section aria-label={title}>
      <Title order={2} size="h4" mt="md">
        {title}
      </Title>
      <Show of={found}>
        {({ deliveries }) =>
          deliveries.length === 0 ? (
            <p className="dim">Nothing.</p>
          ) : (
            <Rows
              label={title}
              head={deliveryHead}
              rows={deliveries.map((each) => ({
                key: each.id,
                cells: deliveryCells(each, { name, isOpen: list !== 'done', onAsk }),
              }))}
            />
          )
        }
      </Show>
    </section>
  );
}

function deliveryCells(
  each: Delivery,
  given: {
    readonly name: string;
    readonly isOpen: boolean;
    readonly onAsk: (asked: Asked) => void;
  },
) {
  const { id, controlId, messageType, cause, queuedAt, settledAt, state, attempts } = each;
  const [kind, message = ''] = cause.split('/');
  const ask = (word: 'retry' | 'skip') => () => {
    const path = `/api/destinations/${given.name}/deliveries/${id}/${word}`;
    given.onAsk({ path, word, what: controlId });
  };
  return [
    secondOf(settledAt ?? queuedAt),
    messageType,
    kind === 'Message' ? (
      <Link key="cause" to={`/messages/${message}`}>
        {controlId}
      </Link>
    ) : (
      controlId
    ),
    state,
    attempts,
    each.ackCode ?? '',
    each.lastError ?? '',
    given.isOpen && (
      <Group key="work" gap="xs" wrap="nowrap">
        <Button size="compact-sm" variant="default" onClick={ask('retry')}>
          Retry
        </Button>
        <Button size="compact-sm" variant="default" onClick={ask('skip')}>
          Skip
        </Button>
      </Group>
    ),
  ];
}

/** What somebody is about to do, for a reason. */
interface Asked {
  readonly path: string;
  readonly word: 'pause' | 'resume' | 'retry' | 'skip';
  readonly what: string;
}

const actions = { pause: 'Pause', resume: 'Resume', retry: 'Send it again', skip: 'Never send it' };

function Deed(props: { asked: Asked; onDone: () => void }) {
  const { path, word, what } = props.asked;
  const [fault, setFault] = useState('');
  const [isBusy, setBusy] = useState(false);
  const work = (reason: string): void => {
    setBusy(true);
    post(path, { reason }).then(props.onDone, (error: unknown) => {
      setFault(error instanceof Error ? error.message : String(error));
      setBusy(false);
    });
  };
  return (
    <>
      <WithReason
        label={`Why ${word} ${what}?`}
        action={actions[word]}
        disabled={isBusy}
        onReason={work}
      />
      {fault !== '' && (
        <Alert color="red" title="That did not work" my="xs">
          {fault}
        </Alert>
      )}
    </>
  );
}

/** `3 d`, `2 h`, `5 min`, `12 s`. */
function durationOf(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ] as const;
  const unit = units.find(([size]) => ms >= size);
  const [size, name] = unit ?? [1_000, 's'];
  return `${String(Math.floor(ms / size))} ${name}`;
}
