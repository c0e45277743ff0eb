import type { Config } from '../config.ts';
import type { ParsedArguments } from './arguments.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { transactionBundle } from './map-bundle.ts';
import { withEffects } from './map-effects.ts';
import { mapBytes, type MappedMessage, type Mapping } from './map-message.ts';
import { readMessages, type MessageInFile } from './message-files.ts';
import { openMapping } from './open-mapping.ts';

/**
 * `weir map run PATH...`: maps messages without a server or a store; one JSON line per message, whatever
 * it holds. `no` if a message would be refused.
 */
export async function mapRunCommand(
  config: Config,
  args: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  if (args.positional.length === 0) {
    throw new UsageError('Name files, folders (*.hl7 in them), or - for stdin');
  }
  const mapping = await openMapping(config, args.flags, io);
  if (mapping === undefined) return exitCode.no;
  let accepted = true;
  for await (const message of readMessages(args.positional, io)) {
    const line = runOne(message, mapping);
    io.stdout.write(`${JSON.stringify(line)}\n`);
    accepted &&= line.ack === 'AA';
  }
  return accepted ? exitCode.done : exitCode.no;
}

function runOne({ file, index, bytes }: MessageInFile, mapping: Mapping) {
  const mapped = mapBytes(bytes, mapping);
  return { file, index, ...lineOf(mapped) };
}

/** One message as `map run` prints it. A refused message writes nothing, so it has no Bundle. */
function lineOf({ reading, result, ack, issues }: MappedMessage) {
  const resources = result?.resources ?? [];
  return {
    controlId: reading.controlId,
    type: reading.messageType,
    map: result?.map ?? '',
    ack,
    bundle: ack === 'AA' ? transactionBundle(result ? withEffects(result) : []) : null,
    clears: resources
      .filter(({ clears }) => clears.length > 0)
      .map(({ fullUrl, clears }) => ({ fullUrl, elements: clears })),
    loss: result?.loss ?? [],
    unmapped: result?.unmapped ?? [],
    issues: issues.map(({ internal: _, ...issue }) => issue),
  };
}
