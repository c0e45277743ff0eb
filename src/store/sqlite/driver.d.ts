/** The part of the driver that we use; the package's own types are not reachable through its exports. */
declare module 'better-sqlite3-multiple-ciphers' {
  type Value = string | number | bigint | null | Uint8Array;

  export interface RunResult {
    readonly changes: number;
    readonly lastInsertRowid: number | bigint;
  }

  export interface Statement {
    run(...values: readonly Value[]): RunResult;
    get(...values: readonly Value[]): unknown;
    all(...values: readonly Value[]): unknown[];
    /** Gives the first column instead of a row. */
    pluck(on?: boolean): this;
    /** Gives rows as arrays. */
    raw(on?: boolean): this;
  }

  class Database {
    static readonly SqliteError: new (
      message: string,
      code: string,
    ) => Error & {
      readonly code: string;
    };
    readonly inTransaction: boolean;
    readonly open: boolean;
    constructor(
      file: string,
      options?: {
        readonly timeout?: number;
        readonly fileMustExist?: boolean;
        readonly readonly?: boolean;
      },
    );
    prepare(sql: string): Statement;
    exec(sql: string): this;
    pragma(sql: string, options?: { readonly simple?: boolean }): unknown;
    /** Must come before any other statement on an encrypted file. */
    key(key: Uint8Array): number;
    /** Takes as many values as the function has parameters. */
    function(
      name: string,
      options: { readonly deterministic?: boolean },
      work: (...values: readonly Value[]) => Value,
    ): this;
    transaction(work: () => void): { immediate(): void };
    close(): this;
  }

  export { Database as default };
}
