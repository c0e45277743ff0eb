/** JSON whose numbers are kept as they are written, by the platform's parser and not by ours: 1.00 and 1 differ. */
export function parseExact(text: string): unknown {
  const keepDigits = (_key: string, value: unknown, { source }: { source?: string }): unknown =>
    typeof value === 'number' ? { digits: source } : value;
  return JSON.parse(text, keepDigits as never) as unknown;
}
