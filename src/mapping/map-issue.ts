/** A place in a mapping file; line and column count from 1. */
export interface MapPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A fault in a mapping file: where it is and a sentence that says what to do. */
export interface MapIssue extends MapPlace {
  readonly message: string;
}

/** Takes faults while files are read and compiled; what is reported twice at one place is kept once. */
export class MapIssues {
  readonly #issues = new Map<string, MapIssue>();

  add(place: MapPlace, message: string): void {
    const { file, line, column } = place;
    this.#issues.set(`${file}:${String(line)}:${String(column)}:${message}`, {
      file,
      line,
      column,
      message,
    });
  }

  get count(): number {
    return this.#issues.size;
  }

  /** By file, line and column. */
  list(): MapIssue[] {
    return [...this.#issues.values()].sort(
      (a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column,
    );
  }
}

/** `file:line`, the form in which a trace names a rule. */
export function ruleId(place: MapPlace): string {
  return `${place.file}:${String(place.line)}`;
}

/** `did you mean` for the nearest of the known words, or an empty text. */
export function suggestion(word: string, known: Iterable<string>): string {
  let best: string | undefined;
  let bestDistance = (word.length < 4 ? 1 : Math.max(2, Math.floor(word.length / 3))) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === undefined ? '' : `; did you mean \`${best}\`?`;
}

/** Levenshtein distance, cut off at `bound`. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) >= bound) return bound;
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(change, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? bound;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
