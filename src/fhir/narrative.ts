/** The XHTML of narratives: txt-1 and txt-2 of http://hl7.org/fhir/R4/narrative.html. */
import type { Fault } from './fault.ts';

const elements: ReadonlySet<string> = new Set(
  (
    'a abbr acronym address b bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt ' +
    'em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp small span strike strong sub sup table ' +
    'tbody td tfoot th thead tr tt u ul var'
  ).split(' '),
);

const attributes: ReadonlySet<string> = new Set(
  (
    'abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff ' +
    'charset cite class color colspan compact coords datetime dir face frame headers height href hreflang hspace ' +
    'id lang longdesc name nowrap rel rev rowspan rules scope shape size span src start style summary tabindex ' +
    'title type valign value vspace width xml:lang xmlns xml:space'
  ).split(' '),
);

const attribute = /\s+([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const opening = /<([A-Za-z][\w:]*)/y;
const closing = /<\/([A-Za-z][\w:]*)\s*>/y;
const comment = /<!--(?:(?!--)[\s\S])*-->/y;
const text = /[^<&]+/y;
const entity = /&(?:[A-Za-z]\w{1,31}|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});/y;
const tagEnd = /\s*(\/?)>/y;

/**
 * What is wrong with the `div` of a narrative; undefined where it is one well-formed XHTML `div` of the
 * allowed elements and attributes, without script, with some content.
 */
export function narrativeFault(div: string): Fault | undefined {
  const reader = new NarrativeReader(div.trim());
  const complaint = reader.read();
  return complaint === undefined
    ? undefined
    : { code: 'invariant', diagnostics: `The narrative ${complaint}` };
}

/** Reads tag by tag; `#open` are the elements begun and not ended. */
class NarrativeReader {
  readonly #source: string;
  readonly #open: string[] = [];
  #at = 0;
  #hasContent = false;

  constructor(source: string) {
    this.#source = source;
  }

  read(): string | undefined {
    if (!/^<div[\s>/]/.test(this.#source)) return 'is not a div';
    do {
      const complaint = this.#piece();
      if (complaint !== undefined) return complaint;
    } while (this.#open.length > 0 && this.#at < this.#source.length);
    if (this.#open.length > 0) return 'does not end its elements';
    if (this.#at < this.#source.length) return 'goes on after its div';
    return this.#hasContent ? undefined : 'has no content';
  }

  #piece(): string | undefined {
    const words = this.#take(text) ?? this.#take(entity);
    if (words) {
      if (words[0].trim() !== '') this.#hasContent = true;
      return undefined;
    }
    if (this.#take(comment)) return undefined;
    const end = this.#take(closing);
    if (end) return this.#open.pop() === end[1] ? undefined : 'is not well-formed XML';
    const start = this.#take(opening);
    return start ? this.#element(start[1] ?? '') : 'is not well-formed XML';
  }

  #element(name: string): string | undefined {
    if (!elements.has(name)) return 'has an element that is not allowed';
    for (let found = this.#take(attribute); found; found = this.#take(attribute)) {
      const [, attributeName = '', double, single] = found;
      const value = double ?? single ?? '';
      if (!attributes.has(attributeName)) return 'has an attribute that is not allowed';
      if (/^\s*(?:javascript|vbscript)\s*:/i.test(value)) return 'has a script';
      if (attributeName === 'xmlns' && value !== 'http://www.w3.org/1999/xhtml') {
        return 'is not in the namespace of XHTML';
      }
    }
    const end = this.#take(tagEnd);
    if (!end) return 'is not well-formed XML';
    if (name === 'img') this.#hasContent = true;
    if (end[1] === '') this.#open.push(name);
    return undefined;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (!found) return undefined;
    this.#at += found[0].length;
    return found;
  }
}
