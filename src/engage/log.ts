/** What this room needs of a log; pino's Logger is one. No patient data: ids, codes and counts only. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
