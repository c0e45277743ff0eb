/** What an import takes in; kept with the work and never changed. */
export type ImportTask =
  /** The lines came with the request, and are kept in so many pieces. */
  | { readonly source: 'body'; readonly parts: number }
  | { readonly source: 'urls'; readonly inputs: readonly ImportInput[] };

export interface ImportInput {
  /** The type that each line must be of. */
  readonly type?: string;
  readonly url: string;
}

/** How far an import is; saved in the commit of the resources themselves. */
export interface ImportPosition {
  /** Number of the input, from 0, and of its lines that are done. */
  readonly input: number;
  readonly line: number;
  /** Resources written, by type. */
  readonly written: Readonly<Record<string, number>>;
  /** Faults met, and pieces of the file that tells of them. */
  readonly faults: number;
  readonly faultParts: number;
}
