import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';

/**
 * The lines of a text that comes in pieces, without their ends. Throws `limit` for a line longer than
 * limits.importLineCharsMax.
 */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest: string[] = [];
  let length = 0;
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      yield withoutReturn(rest.join('') + piece.slice(from, end));
      rest = [];
      length = 0;
      from = end + 1;
    }
    rest.push(piece.slice(from));
    length += piece.length - from;
    if (length > limits.importLineCharsMax) {
      fail('limit', `A line may have ${limits.importLineCharsMax} characters (importLineCharsMax)`);
    }
  }
  const last = withoutReturn(rest.join(''));
  if (last !== '') yield last;
}

/** Bytes as text. Throws `syntax-json` where they are not UTF-8, `limit` past limits.importFileBytesMax. */
export async function* textOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.byteLength;
    if (length > limits.importFileBytesMax) {
      fail('limit', `A file may have ${limits.importFileBytesMax} bytes (importFileBytesMax)`);
    }
    yield decoded(decoder, chunk);
  }
  yield decoded(decoder);
}

function decoded(decoder: TextDecoder, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (cause) {
    return fail('syntax-json', 'The file is not UTF-8', { cause });
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
