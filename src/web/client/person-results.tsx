import { Badge } from '@mantine/core';
import type { Observation } from '@medplum/fhirtypes';
import { Card, Rows, Time } from './card.tsx';
import { flagOf, textOf, valueOf } from './format.ts';

/** Codes of v3-ObservationInterpretation that need an answer now, and what they say. */
const critical: Readonly<Record<string, string>> = {
  HH: 'critical high',
  LL: 'critical low',
  AA: 'critical abnormal',
};

export function Results(props: { observations: readonly Observation[] }) {
  const results = [...props.observations].sort((a, b) => at(b).localeCompare(at(a)));
  return (
    <Card title="Results" count={results.length} empty="No results.">
      <Rows
        head={['Test', 'Value', 'Flag', 'Range', 'When', 'Status']}
        rows={results.map((result) => ({
          key: result.id ?? '',
          cells: [
            textOf(result.code),
            <strong key="v" className="whole">
              {valueOf(result)}
            </strong>,
            <Flag key="f" flag={flagOf(result)} />,
            <span key="r" className="whole">
              {result.referenceRange?.[0]?.text}
            </span>,
            <Time key="t" at={at(result)} />,
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
    <Badge
      color={props.flag in critical ? 'red.8' : 'orange.9'}
      variant="filled"
      title={critical[props.flag] ?? 'outside of the range'}
    >
      {props.flag}
    </Badge>
  );
}

function at(observation: Observation): string {
  return (
    observation.effectiveDateTime ?? observation.effectivePeriod?.start ?? observation.issued ?? ''
  );
}
