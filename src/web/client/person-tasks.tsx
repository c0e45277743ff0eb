import { Badge } from '@mantine/core';
import type { Task } from '@medplum/fhirtypes';
import { Card, Rows, Time } from './card.tsx';
import { displayOf, textOf } from './format.ts';

const closed = new Set(['completed', 'cancelled', 'rejected', 'failed', 'entered-in-error']);
const urgency = ['stat', 'asap', 'urgent', 'routine'];

/** What to do next: open work, the most urgent first, then the oldest. */
export function Tasks(props: { tasks: readonly Task[] }) {
  const open = props.tasks
    .filter(({ status }) => !closed.has(status ?? ''))
    .sort((a, b) => rank(a) - rank(b) || (a.authoredOn ?? '').localeCompare(b.authoredOn ?? ''));
  return (
    <Card title="To do" count={open.length} empty="Nothing is open.">
      <Rows
        head={['Task', 'For', 'Since', 'Priority']}
        rows={open.map((task) => ({
          key: task.id ?? '',
          cells: [
            task.description ?? textOf(task.code),
            displayOf(task.owner),
            <Time key="t" at={task.authoredOn} />,
            <Badge key="p" color={rank(task) < 3 ? 'red.8' : 'gray.7'}>
              {task.priority ?? 'routine'}
            </Badge>,
          ],
        }))}
      />
    </Card>
  );
}

function rank(task: Task): number {
  return urgency.indexOf(task.priority ?? 'routine');
}
