/** The bounds of `$import`, as a part of limits.ts. */
export const importLimits = {
  /** Lines that an import commits at once. */
  importBatchMax: 100,
  /** UTF-16 units of one line of an import: one resource. */
  importLineCharsMax: 16 * 1024 * 1024,
  /** UTF-16 units of the lines that an import commits at once, roughly. */
  importBatchChars: 4 * 1024 * 1024,
  /** Bytes of one file that an import fetches. */
  importFileBytesMax: 8 * 1024 * 1024 * 1024,
  /** Files of one import. */
  importFilesMax: 1_000,
  /** Conditional references whose target an import keeps in mind. */
  importReferencesMax: 10_000,
  /** Lines whose faults an import tells; the rest are counted. */
  importErrorsMax: 10_000,
  /** A server that an import fetches from may be silent this long. */
  importTimeoutMs: 60_000,
} as const;
