import { Badge } from '@mantine/core';
import type { DiagnosticReport, Observation } from '@medplum/fhirtypes';
import { Card, Rows } from './card.tsx';
import { flagOf, textOf, timeOf, valueOf } from './format.ts';

const critical = new Set(['HH', 'LL', 'AA']);

export function Results(props: {
  reports: readonly DiagnosticReport[];
  observations: readonly Observation[];
}) {
  const results = [...props.observations].sort((a, b) => at(b).localeCompare(at(a)));
  return (
    <Card title="Results" count={results.length} empty="No results.">
      <Rows
        head={['Test', 'Value', 'Flag', 'Range', 'When', 'Status']}
        rows={results.map((result) => ({
          key: result.id ?? '',
          cells: [
            textOf(result.code),
            <strong key="v">{valueOf(result)}</strong>,
            <Flag key="f" flag={flagOf(result)} />,
            result.referenceRange?.[0]?.text ?? '',
            timeOf(at(result)),
            result.status,
          ],
        }))}
      />
    </Card>
  );
}

function Flag(props: { flag: string }) {
  if (props.flag === '' || props.flag === 'N') return null;
  return (
    <Badge color={critical.has(props.flag) ? 'red' : 'orange'} variant="filled">
      {props.flag}
    </Badge>
  );
}

function at(observation: Observation): string {
  return (
    observation.effectiveDateTime ?? observation.effectivePeriod?.start ?? observation.issued ?? ''
  );
}
