import type { TraceEntry } from '../result.ts';
import type { Frame } from './compiled.ts';

/** Says in the trace that a rule wrote an element from the value of the frame, if it has one, by way of a table row, if there was one. */
export function tell(
  { run, value }: Frame,
  { target, rule, table }: Pick<TraceEntry, 'target' | 'rule'> & { table?: string | undefined },
): void {
  const source = value && run.position(value.position);
  run.trace.push(entryOf({ target, rule, source, table }));
}

/** A constant comes from nowhere. */
export function tellConstant({ run }: Frame, target: string, rule: string): void {
  run.trace.push({ target, rule });
}

/** Written out: objects put together from parts cost several times as much, and every value has an entry. */
function entryOf({
  target,
  source,
  rule,
  table,
}: Record<'target' | 'rule', string> & Record<'source' | 'table', string | undefined>): TraceEntry {
  if (table === undefined) {
    return source === undefined ? { target, rule } : { target, source, rule };
  }
  return source === undefined ? { target, rule, table } : { target, source, rule, table };
}
