import type { MapIssues } from './map-issue.ts';

/**
 * What was compiled before and is as good as new, for who compiles again and again while somebody writes. A part is made anew
 * where any of the things that it is made of is another object, or where it had a fault.
 */
export class CompileMemory {
  readonly #parts = new Map<string, { readonly of: readonly unknown[]; readonly part: unknown }>();

  /** The part of that name; `make` must depend on nothing but `of`. */
  part<Part>(
    name: string,
    { of, issues }: { readonly of: readonly unknown[]; readonly issues: MapIssues },
    make: () => Part,
  ): Part {
    const known = this.#parts.get(name);
    if (known !== undefined && isSame(known.of, of)) return known.part as Part;
    this.#parts.delete(name);
    const before = issues.count;
    const part = make();
    if (issues.count === before) this.#parts.set(name, { of, part });
    return part;
  }
}

function isSame(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, at) => each === b[at]);
}
