import { iconvName } from './charset.ts';
import { ElementContext, LazySegment } from './element.ts';
import type { EncodingCharacters, Message, Segment } from './message.ts';
import { deriveStructure } from './structure.ts';

/** A message whose header is read when it is asked for, as the segments are. */
export class LazyMessage implements Message {
  readonly encoding: EncodingCharacters;
  readonly segments: readonly LazySegment[];
  #firsts: Map<string, Segment> | undefined;
  #type: string | undefined = undefined;
  #structure: string | undefined = undefined;

  /**
   * @param lines the segments' texts, of which the first is MSH
   * @param charset iconv name for `\X..\` escapes; absent: by MSH-18
   */
  constructor(lines: readonly string[], encoding: EncodingCharacters, charset?: string) {
    this.encoding = encoding;
    const context = new ElementContext(encoding, () => charset ?? this.#declaredCharset());
    this.segments = lines.map((line, index) => new LazySegment(line, index, context));
  }

  segment(name: string): Segment | undefined {
    if (!this.#firsts) {
      this.#firsts = new Map();
      for (const segment of this.segments) {
        if (!this.#firsts.has(segment.name)) this.#firsts.set(segment.name, segment);
      }
    }
    return this.#firsts.get(name);
  }

  get type(): string {
    return (this.#type ??= typeOf(this.#header(9), this.#header(9, 2)));
  }

  get structure(): string {
    return (this.#structure ??=
      this.#header(9, 3) || deriveStructure(this.#header(9), this.#header(9, 2)));
  }

  get controlId(): string {
    return this.#header(10);
  }

  get version(): string {
    return this.#header(12);
  }

  #header(field: number, component?: number): string {
    return this.segments[0]?.text(field, component) ?? '';
  }

  #declaredCharset(): string | undefined {
    const declared = this.segments[0]?.field(18).raw ?? '';
    const name = declared.split(this.encoding.repetition)[0] ?? '';
    return name === '' ? undefined : iconvName(name);
  }
}

function typeOf(code: string, trigger: string): string {
  return trigger === '' ? code : `${code}^${trigger}`;
}
