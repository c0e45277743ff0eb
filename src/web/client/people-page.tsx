import { Table, TextInput, Title } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { Bundle, Patient } from '@medplum/fhirtypes';
import { useState } from 'react';
import { addressOf, dateOf, nameOf, phonesOf } from './format.ts';
import { Show, useLoaded } from './loading.tsx';
import { Link } from './router.tsx';

/** Search as one types: a name, a birth date, or a number (an MRN or a phone). */
export function PeoplePage() {
  const [text, setText] = useState('');
  const [asked] = useDebouncedValue(text, 150);
  const people = useLoaded<Bundle<Patient>>(`/fhir/Patient?${criteria(asked)}&_count=50`);
  return (
    <>
      <Title order={1}>People</Title>
      <TextInput
        type="search"
        label="Search"
        description="A name, a birth date (1962-04-17), an MRN or a phone number. Press / from anywhere."
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        autoFocus
        my="md"
      />
      <Show of={people}>{(bundle) => <People people={peopleOf(bundle)} />}</Show>
    </>
  );
}

function People(props: { people: readonly Patient[] }) {
  if (props.people.length === 0) return <p>Nobody by that name or number.</p>;
  return (
    <Table className="rows" aria-label="People found">
      <Table.Thead>
        <Table.Tr>
          {['Name', 'Born', 'Sex', 'Numbers', 'Phone', 'Address'].map((head) => (
            <Table.Th key={head} scope="col">
              {head}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {props.people.map((person) => (
          <Table.Tr key={person.id}>
            <Table.Td>
              <Link to={`/people/${person.id}`}>{nameOf(person)}</Link>
            </Table.Td>
            <Table.Td>{dateOf(person.birthDate)}</Table.Td>
            <Table.Td>{person.gender}</Table.Td>
            <Table.Td>{person.identifier?.map(({ value }) => value).join(', ')}</Table.Td>
            <Table.Td>{phonesOf(person)[0]}</Table.Td>
            <Table.Td>{addressOf(person)}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function peopleOf(bundle: Bundle<Patient>): Patient[] {
  return (bundle.entry ?? []).flatMap(({ resource }) => resource ?? []);
}

function criteria(text: string): string {
  const asked = text.trim();
  if (asked === '') return '_sort=family';
  const query = new URLSearchParams();
  if (/^\d{4}(-\d{2}(-\d{2})?)?$/.test(asked)) query.append('birthdate', asked);
  else if (/^\+?[\d() -]{7,}$/.test(asked)) query.append('phone', asked);
  else if (/\d/.test(asked)) query.append('identifier', asked);
  else
    for (const word of asked.split(/\s+/)) query.append('name', word.replace(/[\\,|$]/g, '\\$&'));
  return query.toString();
}
