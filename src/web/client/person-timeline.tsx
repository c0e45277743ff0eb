import { Button, Timeline as MantineTimeline, Title } from '@mantine/core';
import { useState } from 'react';
import { timeOf } from './format.ts';
import { Show, useLoaded } from './loading.tsx';

interface TimelineItem {
  readonly at: string;
  readonly kind: string;
  readonly title: string;
  readonly status?: string;
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
          <MantineTimeline bulletSize={12} lineWidth={2}>
            {items.map((item) => (
              <MantineTimeline.Item key={item.ref} title={item.title}>
                <span className="dim">
                  {timeOf(item.at)} {item.kind} {item.status}
                </span>
              </MantineTimeline.Item>
            ))}
          </MantineTimeline>
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
