import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { splitBatch } from '../hl7v2/batch.ts';
import { UsageError, type CliIo } from './io.ts';

/** One message of a file, as bytes: its charset is the reader's business. */
export interface MessageInFile {
  readonly file: string;
  /** In the file, from 0. */
  readonly index: number;
  readonly bytes: Uint8Array;
}

/**
 * Every message of files, folders (`*.hl7` at any depth, by name) and `-` (stdin). A file without an MSH is
 * one message, so that whatever is wrong with it is said of it. Throws {@link UsageError} for a path that cannot be read.
 */
export async function* readMessages(
  paths: readonly string[],
  { stdin }: Pick<CliIo, 'stdin'>,
): AsyncGenerator<MessageInFile> {
  for (const path of paths) {
    for (const file of path === '-' ? ['-'] : await filesOf(path)) {
      const bytes = file === '-' ? await buffer(stdin) : await readFile(file);
      // latin1 keeps every byte.
      const { messages } = splitBatch(bytes.toString('latin1'));
      const texts = messages.map((text) => Buffer.from(text, 'latin1'));
      for (const [index, text] of (texts.length === 0 ? [bytes] : texts).entries()) {
        yield { file, index, bytes: text };
      }
    }
  }
}

/** A file, or those of a folder (`*.hl7` at any depth, by name). Throws {@link UsageError} for a path that cannot be read. */
export async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${path} cannot be read (${error.code ?? 'unreadable'})`);
  });
  if (!found.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => name.endsWith('.hl7'))
    .sort()
    .map((name) => join(path, name));
}
