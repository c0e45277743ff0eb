/** A cell and where it begins in its file; line and column count from 1. */
export interface CsvCell {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** What a spreadsheet would take for a formula. */
const formula = /^[=+\-@\t]/;

/** Rows as RFC 4180 has them; a cell that a spreadsheet would take for a formula is written as text, after `'`. */
export function csvText(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(text: string): string {
  const safe = formula.test(text) ? `'${text}` : text;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * Reads what spreadsheets write: separated by commas, semicolons or tabs (whichever the first line has most of), quoted
 * or not, any line ends, with or without a byte order mark. The `'` of {@link csvText} is taken off; cells are trimmed; lines
 * without any text are left out. A quote that is never closed reaches to the end.
 */
export function readCsv(text: string): readonly (readonly CsvCell[])[] {
  const source = text.replace(/^\ufeff/, '');
  const separator = separatorOf(source.split(/\r\n?|\n/, 1)[0] ?? '');
  const rows: CsvCell[][] = [];
  let row: CsvCell[] = [];
  const reader = new CellReader(source, separator);
  while (!reader.isDone) {
    row.push(reader.cell());
    if (!reader.isRowEnd) continue;
    if (row.some(({ text: said }) => said !== '')) rows.push(row);
    row = [];
  }
  return rows;
}

function separatorOf(firstLine: string): string {
  const counts = [',', ';', '\t'].map((sign) => ({ sign, count: firstLine.split(sign).length }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).sign;
}

class CellReader {
  readonly #text: string;
  readonly #separator: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  isRowEnd = false;
  isDone: boolean;

  constructor(text: string, separator: string) {
    this.#text = text;
    this.#separator = separator;
    this.isDone = text === '';
  }

  cell(): CsvCell {
    const place = { line: this.#line, column: this.#at - this.#lineStart + 1 };
    const text = this.#text[this.#at] === '"' ? this.#quoted() + this.#plain() : this.#plain();
    this.#endCell();
    const trimmed = text.trim();
    const plain = /^'[=+\-@]/.test(trimmed) ? trimmed.slice(1) : trimmed;
    return { text: plain, ...place };
  }

  #quoted(): string {
    let text = '';
    this.#at += 1;
    while (this.#at < this.#text.length) {
      const character = this.#text[this.#at] ?? '';
      if (character === '"' && this.#text[this.#at + 1] !== '"') {
        this.#at += 1;
        return text;
      }
      if (character === '"') this.#at += 1;
      text += character;
      this.#at += 1;
      if (character === '\n') this.#newLine();
    }
    return text;
  }

  #plain(): string {
    const start = this.#at;
    while (this.#at < this.#text.length && !this.#isEnd(this.#text[this.#at] ?? '')) this.#at += 1;
    return this.#text.slice(start, this.#at);
  }

  #isEnd(character: string): boolean {
    return character === this.#separator || character === '\r' || character === '\n';
  }

  #endCell(): void {
    const character = this.#text[this.#at];
    this.isRowEnd = character !== this.#separator;
    this.#at += character === '\r' && this.#text[this.#at + 1] === '\n' ? 2 : 1;
    if (this.isRowEnd) this.#newLine();
    this.isDone = this.isRowEnd && this.#at >= this.#text.length;
  }

  #newLine(): void {
    this.#line += 1;
    this.#lineStart = this.#at;
  }
}
