import { Group } from '@mantine/core';
import type { Bundle, Composition } from '@medplum/fhirtypes';

/** Which sources speak of this person, as the record's last section says it. */
export function Freshness(props: { record: Bundle }) {
  const composition = props.record.entry
    ?.map(({ resource }) => resource)
    .find((resource): resource is Composition => resource?.resourceType === 'Composition');
  const sources = composition?.section?.find(({ code }) =>
    code?.coding?.some((coding) => coding.code === 'sources'),
  );
  const items = sources?.section ?? [];
  if (items.length === 0) return null;
  return (
    <Group gap="md" mt="xs" className="dim">
      <span>Last heard from</span>
      {items.map(({ title }) => (
        <span key={title}>{title}</span>
      ))}
    </Group>
  );
}
