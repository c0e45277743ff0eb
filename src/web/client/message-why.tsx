import { Stack } from '@mantine/core';
import { Card, Rows } from './card.tsx';
import { Show, useLoaded } from './loading.tsx';

interface Report {
  readonly map: string;
  readonly loss: readonly { readonly position: string; readonly count: number }[];
  readonly unmapped: readonly {
    readonly position: string;
    readonly table: string;
    readonly code: string;
  }[];
  readonly issues: readonly {
    readonly severity: string;
    readonly code: string;
    readonly location?: string;
    readonly diagnostics: string;
  }[];
}

interface Explanation {
  readonly then: Report;
  readonly now: Report;
  readonly elements: readonly {
    readonly target: string;
    readonly source?: string;
    readonly rule: string;
    readonly table?: string;
  }[];
}

/** Which rule made each element, and what was found on the way: then, and by the maps of now. */
export function Why(props: { id: string }) {
  const explained = useLoaded<Explanation>(`/api/messages/${props.id}/explain`);
  return (
    <Show of={explained}>
      {({ then, now, elements }) => (
        <Stack>
          <Findings title={`When it was processed: ${then.map || 'no map'}`} report={then} />
          <Findings title={`By the maps of now: ${now.map || 'no map'}`} report={now} />
          <Card title="Elements" count={elements.length} empty="No rule made anything of it.">
            <Rows
              head={['Element', 'Field', 'Rule', 'Table']}
              rows={elements.map(({ target, source, rule, table }) => ({
                key: `${target} ${source ?? ''} ${rule}`,
                cells: [target, source, rule, table],
              }))}
            />
          </Card>
        </Stack>
      )}
    </Show>
  );
}

function Findings(props: { title: string; report: Report }) {
  const { loss, unmapped, issues } = props.report;
  const lines = [
    ...loss.map(({ position, count }) => `not read by any rule: ${position} (${count})`),
    ...unmapped.map(
      ({ position, table, code }) => `code without a row: ${position} ${table} ${code}`,
    ),
    ...issues.map(({ severity, code, location = '', diagnostics }) => {
      return `${severity} ${code} ${location}: ${diagnostics}`;
    }),
  ];
  return (
    <Card title={props.title} count={lines.length} empty="Nothing was left over.">
      <ul>
        {lines.map((line, index) => (
          <li key={index}>{line}</li>
        ))}
      </ul>
    </Card>
  );
}
