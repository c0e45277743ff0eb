import { Button, Title } from '@mantine/core';
import { useState } from 'react';
import { Rows, Time } from './card.tsx';
import { Show, useLoaded } from './loading.tsx';

interface TimelineItem {
  readonly at: string;
  readonly kind: string;
  readonly title: string;
  readonly status: string;
  readonly source: string;
  readonly ref: string;
}
interface TimelinePage {
  readonly items: readonly TimelineItem[];
  readonly next?: string;
}

/** What happened, newest first; older on demand. */
export function Timeline(props: { patientId: string }) {
  return (
    <section aria-label="Timeline">
      <Title order={2} size="h4" mb="sm">
        Timeline
      </Title>
      <Part patientId={props.patientId} before="" />
    </section>
  );
}

function Part(props: { patientId: string; before: string }) {
  const [open, setOpen] = useState(false);
  const query = new URLSearchParams({
    _count: '30',
    ...(props.before && { _before: props.before }),
  });
  const page = useLoaded<TimelinePage>(`/fhir/Patient/${props.patientId}/$timeline?${query}`);
  return (
    <Show of={page}>
      {({ items, next }) => (
        <>
          <Rows
            head={['When', 'What', '', 'Status', 'Source']}
            rows={items.map(({ ref, at, kind, title, status, source }) => ({
              key: ref,
              cells: [
                <Time key="t" at={at} />,
                kind,
                title,
                status,
                source === 'manual' ? '' : source,
              ],
            }))}
          />
          {next !== undefined && !open && (
            <Button variant="default" mt="sm" onClick={() => setOpen(true)}>
              Older
            </Button>
          )}
          {next !== undefined && open && <Part patientId={props.patientId} before={next} />}
        </>
      )}
    </Show>
  );
}
