import { Button, Group, TextInput } from '@mantine/core';
import { useState } from 'react';

/** A deed that wants a reason: it is kept with who did it. */
export function WithReason(props: {
  label: string;
  action: string;
  onReason: (reason: string) => void;
  disabled?: boolean;
}) {
  const [reason, setReason] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.onReason(reason.trim());
      }}
    >
      <Group align="end" gap="xs">
        <TextInput
          label={props.label}
          value={reason}
          maxLength={500}
          required
          onChange={(event) => setReason(event.target.value)}
        />
        <Button type="submit" variant="default" disabled={props.disabled || reason.trim() === ''}>
          {props.action}
        </Button>
      </Group>
    </form>
  );
}

/** Says that names are hidden, and shows them for a reason. */
export function Unmask(props: { onReason: (reason: string) => void }) {
  const [isAsked, setAsked] = useState(false);
  return (
    <Group my="xs" align="end">
      <span className="dim">Whom it is about is masked.</span>
      {isAsked ? (
        <WithReason label="Why do you have to see it?" action="Show it" onReason={props.onReason} />
      ) : (
        <Button size="compact-sm" variant="default" onClick={() => setAsked(true)}>
          Unmask
        </Button>
      )}
    </Group>
  );
}
