import { Card as MantineCard, Table, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { timeOf } from './format.ts';

/** A titled part of the page; says so when there is nothing in it. */
export function Card(props: { title: string; count: number; empty: string; children: ReactNode }) {
  return (
    <MantineCard component="section" withBorder className="wide" aria-label={props.title}>
      <Title order={2} size="h4" mb="xs">
        {props.title} {props.count > 0 && <span className="dim">{props.count}</span>}
      </Title>
      {props.count === 0 ? <p className="dim">{props.empty}</p> : props.children}
    </MantineCard>
  );
}

/** A date or time that stays on one line. */
export function Time(props: { at: string | undefined }) {
  return <span className="whole">{timeOf(props.at)}</span>;
}

export interface Row {
  readonly key: string;
  readonly cells: readonly ReactNode[];
}

/** A table; `label` names it where no title does. */
export function Rows(props: {
  head: readonly string[];
  rows: readonly Row[];
  label?: string | undefined;
}) {
  return (
    <Table className="rows" aria-label={props.label} verticalSpacing={4} horizontalSpacing={6}>
      <Table.Thead>
        <Table.Tr>
          {props.head.map((head) => (
            <Table.Th key={head} scope="col">
              {head}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {props.rows.map((row) => (
          <Table.Tr key={row.key}>
            {row.cells.map((cell, index) => (
              <Table.Td key={props.head[index]}>{cell}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
