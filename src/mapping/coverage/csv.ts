/**
 * The records of a comma-separated text (RFC 4180): quoted fields may hold commas, line breaks and doubled
 * quotes. A byte order mark goes, blank lines at the end too. Never throws: an unclosed quote ends with the text.
 */
export function readCsv(text: string): string[][] {
  const source = text.replace(/^\uFEFF/, '');
  const records: string[][] = [];
  let record: string[] = [];
  const field = /("(?:[^"]|"")*"?|[^,\r\n]*)(,|\r?\n|\r|$)/y;
  while (field.lastIndex < source.length) {
    const [whole = '', raw = '', end = ''] = field.exec(source) ?? [];
    if (whole === '') break;
    const quoted = /^"((?:[^"]|"")*)"?$/.exec(raw)?.[1];
    record.push(quoted === undefined ? raw : quoted.replaceAll('""', '"'));
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  if (source.endsWith(',')) record.push('');
  return record.length > 0 ? [...records, record] : records;
}
