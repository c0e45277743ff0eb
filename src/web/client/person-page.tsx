import { Badge, Group, SimpleGrid, Stack, Title } from '@mantine/core';
import type { Bundle, Patient, Resource } from '@medplum/fhirtypes';
import { useMemo } from 'react';
import { addressOf, ageOf, authorityOf, dateOf, nameOf, phonesOf } from './format.ts';
import { Show, useLoaded } from './loading.tsx';
import { Appointments, Communications, Medications, Problems } from './person-care.tsx';
import { Results } from './person-results.tsx';
import { Freshness } from './person-sources.tsx';
import { Tasks } from './person-tasks.tsx';
import { Timeline } from './person-timeline.tsx';

/** One person on one page: who, what to do next, what is coming, what was found, what happened. */
export function PersonPage(props: { id: string }) {
  const record = useLoaded<Bundle>(`/fhir/Patient/${props.id}/$crm-record`);
  return <Show of={record}>{(bundle) => <Person record={bundle} />}</Show>;
}

function Person(props: { record: Bundle }) {
  const resources = useMemo(
    () => (props.record.entry ?? []).flatMap(({ resource }) => resource ?? []),
    [props.record],
  );
  const patient = ofType(resources, 'Patient')[0];
  if (patient === undefined) return <p>The record names no person.</p>;
  return (
    <>
      <Header patient={patient} />
      <Freshness record={props.record} />
      <SimpleGrid cols={{ base: 1, lg: 2 }} my="md">
        <Stack>
          <Tasks tasks={ofType(resources, 'Task')} />
          <Results observations={ofType(resources, 'Observation')} />
        </Stack>
        <Stack>
          <Appointments appointments={ofType(resources, 'Appointment')} />
          <Medications
            requests={ofType(resources, 'MedicationRequest')}
            dispenses={ofType(resources, 'MedicationDispense')}
          />
          <Problems
            conditions={ofType(resources, 'Condition')}
            allergies={ofType(resources, 'AllergyIntolerance')}
          />
          <Communications
            communications={ofType(resources, 'Communication')}
            planned={ofType(resources, 'CommunicationRequest')}
          />
        </Stack>
      </SimpleGrid>
      <Timeline patientId={patient.id ?? ''} />
    </>
  );
}

function Header(props: { patient: Patient }) {
  const { patient } = props;
  const language = patient.communication?.[0]?.language;
  return (
    <header>
      <Group>
        <Title order={1}>{nameOf(patient)}</Title>
        {patient.active === false && <Badge color="gray">inactive</Badge>}
        {(patient.deceasedBoolean === true || patient.deceasedDateTime !== undefined) && (
          <Badge color="dark">deceased</Badge>
        )}
      </Group>
      <Group gap="lg">
        <span>{lifeOf(patient)}</span>
        <span>{phonesOf(patient).join(', ')}</span>
        <span>{addressOf(patient)}</span>
        {language !== undefined && (
          <span>
            Speaks {language.text ?? language.coding?.[0]?.display ?? language.coding?.[0]?.code}
          </span>
        )}
      </Group>
      <Group gap="xs" mt="xs" aria-label="Numbers">
        {patient.identifier?.map(({ system, value }) => (
          <Badge key={`${system}|${value}`} variant="default" title={system ?? ''} tt="none">
            <span className="dim">{authorityOf(system)}</span> {value}
          </Badge>
        ))}
      </Group>
    </header>
  );
}

/** `female, born 1962-04-17 (64 years)`, of what is known. */
function lifeOf({ gender, birthDate }: Patient): string {
  const born = birthDate && `born ${dateOf(birthDate)} (${ageOf(birthDate, new Date())})`;
  return [gender, born].filter(Boolean).join(', ');
}

function ofType<T extends Resource['resourceType']>(
  resources: readonly Resource[],
  type: T,
): Extract<Resource, { resourceType: T }>[] {
  return resources.filter(
    (resource): resource is Extract<Resource, { resourceType: T }> =>
      resource.resourceType === type,
  );
}
