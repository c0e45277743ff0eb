import type { Config } from '../config.ts';
import { stringify } from '../fhir/json.ts';
import { explain, type ExplainedElement, type ExplainedResource } from '../mapping/explain.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { mapBytes, type MappedMessage } from './map-message.ts';
import { openMapping } from './open-mapping.ts';
import { readMessages } from './message-files.ts';

/**
 * `weir map explain PATH...`: of each message every element that was made, its value, the field it comes from, the
 * line of the rule and the row of the table; then what no rule read, codes without a row, and remarks. `--element`
 * keeps the elements whose path, with the type, begins so: `Patient.name`. `no` if a message would be refused.
 */
export async function mapExplainCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const { positional, flags } = args;
  if (positional.length === 0) throw new UsageError('Name files, folders (*.hl7), or - for stdin');
  const mapping = await openMapping(config, flags, io);
  if (mapping === undefined) return exitCode.no;
  const wanted = flags['--element'];
  let accepted = true;
  for await (const { file, index, bytes } of readMessages(positional, io)) {
    const mapped = mapBytes(bytes, mapping);
    const resources = explanationOf(mapped, typeof wanted === 'string' ? wanted : '');
    accepted &&= mapped.ack === 'AA';
    const head = { file, index, ...headOf(mapped) };
    const text =
      flags['--json'] === true
        ? stringify({ ...head, resources, ...restOf(mapped) })
        : page(head, resources, mapped);
    io.stdout.write(`${text}\n`);
  }
  return accepted ? exitCode.done : exitCode.no;
}

function explanationOf(
  { reading, result }: MappedMessage,
  wanted: string,
): readonly ExplainedResource[] {
  if (result === undefined || reading.message === undefined) return [];
  const all = explain(result, reading.message);
  if (wanted === '') return all;
  return all
    .map((resource) => ({
      ...resource,
      elements: resource.elements.filter(({ element }) =>
        `${resource.type}.${element}`.startsWith(wanted),
      ),
    }))
    .filter(({ elements }) => elements.length > 0);
}

function headOf({ reading, result, ack }: MappedMessage) {
  const { controlId, messageType: type } = reading;
  return { controlId, type, map: result?.map ?? '', ack };
}

function restOf({ result, issues }: MappedMessage) {
  return {
    loss: result?.loss ?? [],
    unmapped: result?.unmapped ?? [],
    issues: issues.map(({ internal: _, ...issue }) => issue),
  };
}

function page(
  head: { readonly file: string; readonly index: number } & ReturnType<typeof headOf>,
  resources: readonly ExplainedResource[],
  mapped: MappedMessage,
): string {
  const { loss, unmapped, issues } = restOf(mapped);
  return [
    `${head.file} #${String(head.index)}  ${head.type} ${head.controlId}  ${head.map}  ${head.ack}`,
    ...resources.flatMap(({ name, type, elements }) => [
      `  ${type} (${name})`,
      ...elements.flatMap(elementLines),
    ]),
    ...part(
      'not read by any rule',
      loss,
      ({ position, count }) => `${position} (${String(count)})`,
    ),
    ...part('codes without a row', unmapped, ({ position, table, code, count }) => {
      return `${position} ${table} ${code} (${String(count)})`;
    }),
    ...part('remarks', issues, ({ severity, code, location = '', diagnostics }) => {
      return `${severity} ${code}${location === '' ? '' : ` ${location}`}: ${diagnostics}`;
    }),
  ].join('\n');
}

function elementLines({ element, value, source, said, rule, table }: ExplainedElement): string[] {
  const from = source === undefined ? 'by the rule alone' : `${source} ${said ?? ''}`.trimEnd();
  return [
    `    ${element} = ${value === undefined ? '(taken away again)' : stringify(value)}`,
    `        ${from}  <- ${rule}${table === undefined ? '' : `, ${table}`}`,
  ];
}

function part<Row>(title: string, rows: readonly Row[], line: (row: Row) => string): string[] {
  return rows.length === 0 ? [] : [`  ${title}`, ...rows.map((row) => `    ${line(row)}`)];
}
