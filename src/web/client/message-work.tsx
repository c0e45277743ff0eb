import { Alert, Button, Group, Textarea } from '@mantine/core';
import { useState } from 'react';
import { post } from './api.ts';
import { useLoaded } from './loading.tsx';
import type { MessageView } from './message-page.tsx';
import { WithReason } from './message-reason.tsx';
import { navigate } from './router.tsx';

const workers = new Set(['admin', 'analyst', 'integration']);

/** Whether whoever is signed in may work on messages. */
export function useWorker(): boolean {
  const me = useLoaded<{ readonly role: string }>('/auth/me');
  return me.state === 'ready' && workers.has(me.value.role);
}

type Deed = 'skip' | 'edit';

/** What can be done with a message, by those who may. */
export function MessageWork(props: { view: MessageView; onDone: () => void }) {
  const { entry, masked } = props.view;
  const [deed, setDeed] = useState<Deed>();
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  if (!useWorker() || entry.state === 'received' || entry.supersededBy !== undefined) return null;

  const work = async (name: string, body: object): Promise<void> => {
    setBusy(true);
    setFault('');
    try {
      const done = await post<{ entry: { id: string } }>(`/api/messages/${entry.id}/${name}`, body);
      if (done.entry.id === entry.id) props.onDone();
      else navigate(`/messages/${done.entry.id}`);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  const isOpen = entry.state === 'failed' || entry.state === 'parked';
  return (
    <>
      <Group my="xs" align="end">
        {entry.state !== 'processed' && (
          <Button loading={busy} onClick={() => void work('retry', {})}>
            Retry
          </Button>
        )}
        {isOpen && (
          <Button variant="default" onClick={() => setDeed('skip')}>
            Skip
          </Button>
        )}
        <Button
          variant="default"
          disabled={masked}
          title={masked ? 'Unmask it first: what is masked cannot be edited' : ''}
          onClick={() => setDeed('edit')}
        >
          Edit
        </Button>
      </Group>
      {deed === 'skip' && (
        <WithReason
          label="Why is it of no use?"
          action="Set it aside"
          disabled={busy}
          onReason={(reason) => void work('skip', { reason })}
        />
      )}
      {deed === 'edit' && (
        <Edit
          raw={props.view.raw}
          disabled={busy}
          onEdited={(text, reason) => void work('edit', { text, reason })}
        />
      )}
      {fault !== '' && (
        <Alert color="red" title="That did not work" my="xs">
          {fault}
        </Alert>
      )}
    </>
  );
}

function Edit(props: {
  raw: string;
  disabled: boolean;
  onEdited: (text: string, reason: string) => void;
}) {
  const [text, setText] = useState(props.raw);
  return (
    <>
      <Textarea
        label="The message that takes its place; the original is kept"
        className="mono"
        autosize
        minRows={6}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <WithReason
        label="Why is it changed?"
        action="Send the edited message"
        disabled={props.disabled || text === props.raw}
        onReason={(reason) => props.onEdited(text, reason)}
      />
    </>
  );
}
