import type { Config } from '../config.ts';
import { fieldDefinition } from '../hl7v2/dictionary.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { mapBytes, type MappedMessage } from './map-message.ts';
import { readMessages } from './message-files.ts';
import { openMapping } from './open-mapping.ts';
import { sampleName } from './sample-name.ts';
import { table } from './table.ts';

/**
 * `weir feed gaps PATH...`: what the maps leave over of a folder of messages: valued fields that no rule reads,
 * codes without a row, messages without a map or refused, each with how many. `no` where there is any gap.
 */
export async function feedGapsCommand(
  config: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  if (positional.length === 0) throw new UsageError('Name files, folders (*.hl7), or - for stdin');
  const mapping = await openMapping(config, flags, io);
  if (mapping === undefined) return exitCode.no;
  const gaps = new Gaps();
  for await (const { file, index, bytes } of readMessages(positional, io)) {
    gaps.add(sampleName(file, index), mapBytes(bytes, mapping));
  }
  const found = gaps.result();
  io.stdout.write(`${flags['--json'] === true ? JSON.stringify(found) : page(found)}\n`);
  const none = found.lost.length + found.unmapped.length + found.refused.length === 0;
  return none && found.messages > 0 ? exitCode.done : exitCode.no;
}

export interface FoundGaps {
  readonly messages: number;
  readonly lost: readonly {
    readonly position: string;
    readonly name: string;
    readonly messages: number;
    readonly count: number;
  }[];
  readonly unmapped: readonly {
    readonly table: string;
    readonly code: string;
    readonly system: string;
    readonly position: string;
    readonly count: number;
  }[];
  /** By reason, with the first message that it was said of. */
  readonly refused: readonly {
    readonly why: string;
    readonly first: string;
    readonly count: number;
  }[];
}

/** What is left over of messages, added up. */
export class Gaps {
  #messages = 0;
  readonly #lost = new Map<string, { messages: number; count: number }>();
  readonly #unmapped = new Map<string, FoundGaps['unmapped'][number]>();
  readonly #refused = new Map<string, { first: string; count: number }>();

  add(where: string, mapped: MappedMessage): void {
    this.#messages += 1;
    if (mapped.ack !== 'AA') this.#refuse(where, mapped);
    const { loss = [], unmapped = [] } = mapped.result ?? {};
    for (const { position, count } of loss) {
      const known = this.#lost.get(position) ?? { messages: 0, count: 0 };
      this.#lost.set(position, { messages: known.messages + 1, count: known.count + count });
    }
    for (const { table: name, code, system = '', position, count } of unmapped) {
      const key = JSON.stringify([name, code, system]);
      const known = this.#unmapped.get(key)?.count ?? 0;
      const row = { table: name, code, system, position, count: known + count };
      this.#unmapped.set(key, row);
    }
  }

  #refuse(where: string, { ack, issues }: MappedMessage): void {
    const worst = issues.find(({ severity }) => severity === 'error' || severity === 'fatal');
    const why = worst?.diagnostics ?? ack;
    const { first = where, count = 0 } = this.#refused.get(why) ?? {};
    this.#refused.set(why, { first, count: count + 1 });
  }

  /** Most frequent first. */
  result(): FoundGaps {
    const lost = [...this.#lost].map(([position, counts]) => {
      return { position, name: nameOf(position), ...counts };
    });
    return {
      messages: this.#messages,
      lost: lost.sort((a, b) => b.messages - a.messages),
      unmapped: [...this.#unmapped.values()].sort((a, b) => b.count - a.count),
      refused: [...this.#refused].map(([why, seen]) => ({ why, ...seen })),
    };
  }
}

function nameOf(position: string): string {
  const [segment = '', field = ''] = position.split('-');
  return fieldDefinition(segment, Number(field))?.name ?? 'not of HL7';
}

function page({ messages, lost, unmapped, refused }: FoundGaps): string {
  const lines = [`${String(messages)} messages`];
  if (refused.length > 0) {
    const rows = refused.map(({ why, first, count }) => [String(count), why, first]);
    lines.push('', 'refused', ...table(['messages', 'why', 'first of them'], rows));
  }
  if (lost.length > 0) {
    const rows = lost.map(({ position, name, messages: of, count }) => {
      return [position, String(of), String(count), name];
    });
    lines.push('', 'read by no rule', ...table(['field', 'messages', 'times', 'name'], rows));
  }
  if (unmapped.length > 0) {
    const rows = unmapped.map(({ table: name, code, system, position, count }) => {
      return [name, code, system, position, String(count)];
    });
    const head = ['table', 'code', 'system', 'field', 'times'];
    lines.push('', 'codes without a row', ...table(head, rows));
  }
  if (lines.length === 1)
    lines.push('No gaps: every valued field is read, and every code has a row');
  return lines.join('\n');
}
