/** Where a mutation strikes: any two numbers, and what it may write. */
export interface Choice {
  readonly at: number;
  readonly to: number;
  readonly word: string;
}

export type TextMutation = (text: string, choice: Choice) => string;

/** The parts of a text, changed and joined again. */
function parts(separator: string, change: (list: string[], choice: Choice) => void): TextMutation {
  return (text, choice) => {
    const list = text.split(separator);
    change(list, choice);
    return list.join(separator);
  };
}

/** Applies a mutation to one part: to one field of one segment, to one component of that. */
function within(separator: string, mutation: TextMutation): TextMutation {
  return parts(separator, (list, choice) => {
    const index = choice.at % list.length;
    // Another number for the level below, lest the third segment always lose its third field.
    const below = { ...choice, at: Math.floor(choice.at / list.length) + choice.to };
    list[index] = mutation(list[index] ?? '', below);
  });
}

const remove = (list: string[], { at }: Choice): void => void list.splice(at % list.length, 1);
const double = (list: string[], { at }: Choice): void => {
  const index = at % list.length;
  list.splice(index, 0, list[index] ?? '');
};
const swap = (list: string[], { at, to }: Choice): void => {
  const [one, other] = [at % list.length, to % list.length];
  [list[one], list[other]] = [list[other] ?? '', list[one] ?? ''];
};
const insert = (list: string[], { at, word }: Choice): void =>
  void list.splice(at % (list.length + 1), 0, word);
const replace = (list: string[], { at, word }: Choice): void => {
  list[at % list.length] = word;
};
const multiply = (list: string[], { at, to }: Choice): void => {
  const index = at % list.length;
  const copies = Array.from({ length: to % 300 }, () => list[index] ?? '');
  list.splice(index, 0, ...copies);
};

const inSegment = (mutation: TextMutation): TextMutation => within('\r', mutation);
const inField = (mutation: TextMutation): TextMutation => inSegment(within('|', mutation));
const inComponent = (mutation: TextMutation): TextMutation => inField(within('^', mutation));

/** Every leaf of every segment but MSH. */
const everywhere: TextMutation = (text, { word }) => {
  const [header = '', ...segments] = text.split('\r');
  return [header, ...segments.map((line) => line.replace(/(?<=[|^~&])[^|^~&]+/g, () => word))].join(
    '\r',
  );
};

/** One field number of one segment name, in every such segment. */
const inEverySuch: TextMutation = (text, { at, to, word }) => {
  const lines = text.split('\r');
  const name = lines[at % lines.length]?.slice(0, 3) ?? '';
  return lines
    .map((line) => {
      if (!line.startsWith(name)) return line;
      const fields = line.split('|');
      fields[1 + (to % 30)] = word;
      return Array.from(fields, (field) => field ?? '').join('|');
    })
    .join('\r');
};

const types = [
  'NM',
  'SN',
  'CE',
  'CWE',
  'ED',
  'RP',
  'TX',
  'FT',
  'ST',
  'DT',
  'TS',
  'TM',
  'XCN',
  'CX',
];
const oddTypes = [
  'NA',
  'MA',
  'NR',
  'CQ',
  'MO',
  'ID',
  'SI',
  'XPN',
  'XAD',
  'XTN',
  '??',
  'constructor',
];

/** OBX-2 says another type than OBX-5 has. */
const observationType: TextMutation = (text, { at }) => {
  const all = [...types, ...oddTypes];
  return text.replace(/\rOBX\|([^|]*)\|[^|]*/g, `\rOBX|$1|${all[at % all.length] ?? ''}`);
};

const time: TextMutation = (text, { at, word }) => {
  const times = [...text.matchAll(/\b\d{8,14}\b/g)];
  const found = times[at % Math.max(times.length, 1)];
  if (!found) return text;
  return text.slice(0, found.index) + word + text.slice(found.index + found[0].length);
};

/** Other encoding characters, now and then twice the same or none. */
const delimiters: TextMutation = (text, { at, to }) => {
  const pool = '|^~\\&#!$%*+,-./:;<=>?@[]_`{}"\u00a7\u20ac';
  const chosen = new Map(
    [...'|^~\\&'].map((own, index) => {
      const other = [...pool][(at + index * (1 + (to % 7))) % [...pool].length];
      return [own, other ?? own];
    }),
  );
  return text.replace(/[|^~\\&]/g, (own) => chosen.get(own) ?? own);
};

const shortEncoding: TextMutation = (text, { at }) =>
  text.replace(/^MSH\|[^|]*/, `MSH|${'^~\\&#@'.slice(0, at % 7)}`);

const charset: TextMutation = (text, { at, word }) => {
  const lies = ['ASCII', '8859/1', '8859/5', 'UNICODE UTF-16', 'UNICODE UTF-32', 'GB 18030', 'HEX'];
  return inHeader(text, 17, [...lies, 'UTF-8', 'BIG-5', word][at % 10] ?? word);
};

const header: TextMutation = (text, { at, word }) => inHeader(text, 2 + (at % 18), word);

function inHeader(text: string, index: number, word: string): string {
  const [line = '', ...rest] = text.split('\r');
  const fields = line.split('|');
  fields[index] = word;
  return [Array.from(fields, (field) => field ?? '').join('|'), ...rest].join('\r');
}

/** A field as long as a scanned document, plain or full of separators. */
const hugeField: TextMutation = inSegment((line, choice) =>
  replacedBy(
    line,
    choice,
    [choice.word || 'x', 'x^', 'x~', 'x&', '\\X0D\\', '\\'][choice.to % 6] ?? 'x',
  ),
);

function replacedBy(line: string, { at, to }: Choice, unit: string): string {
  const fields = line.split('|');
  fields[at % fields.length] = unit.repeat(Math.floor((1_000 + (to % 400_000)) / unit.length));
  return fields.join('|');
}

/** Repetitions of components of subcomponents, many levels more than there are. */
const nested: TextMutation = inField((field, { at, to }) => {
  const level = (inner: string, mark: string): string =>
    Array(2 + (to % 12))
      .fill(inner)
      .join(mark);
  return ['&', '^', '~', '^', '&'].slice(0, 2 + (at % 4)).reduce(level, field.slice(0, 20));
});

/** No MSH, not first, twice, or half of one. */
const wrongHeader: TextMutation = (text, { at, word }) => {
  const [line = '', ...rest] = text.split('\r');
  const headers = [
    rest,
    [...rest, line],
    [line, line, ...rest],
    [line.slice(0, at % line.length), ...rest],
    [`${word}${line}`, ...rest],
    ['MSH', ...rest],
    [line.toLowerCase(), ...rest],
    [line.replaceAll('|', ''), ...rest],
  ];
  return (headers[at % headers.length] ?? rest).join('\r');
};

const lineEnds: TextMutation = (text, { at, to }) => {
  const ends = ['\r', '\n', '\r\n', '\r\r', '\n\r', '\r\n\r\n'];
  let count = at;
  return text.replace(/\r/g, () => ends[(count += to) % ends.length] ?? '\r');
};

/** By name, for the report of a failing case. */
export const textMutations: Readonly<Record<string, TextMutation>> = {
  removeSegment: parts('\r', remove),
  doubleSegment: parts('\r', double),
  swapSegments: parts('\r', swap),
  insertSegment: parts('\r', insert),
  multiplySegment: parts('\r', multiply),
  removeField: inSegment(parts('|', remove)),
  doubleField: inSegment(parts('|', double)),
  swapFields: inSegment(parts('|', swap)),
  replaceField: inSegment(parts('|', replace)),
  multiplyField: inSegment(parts('|', multiply)),
  repeatField: inField((field, { to, word }) =>
    Array.from({ length: to % 400 }, (_, index) => (index % 9 === 8 ? word : field)).join('~'),
  ),
  removeComponent: inField(parts('^', remove)),
  swapComponents: inField(parts('^', swap)),
  replaceComponent: inField(parts('^', replace)),
  multiplyComponent: inField(parts('^', multiply)),
  nestComponent: inComponent((leaf, { to, word }) => `${leaf}&${word}`.repeat(1 + (to % 40))),
  insertText: inComponent(
    (leaf, { at, word }) => leaf.slice(0, at % 9) + word + leaf.slice(at % 9),
  ),
  everywhere,
  inEverySuch,
  observationType,
  time,
  delimiters,
  shortEncoding,
  charset,
  header,
  wrongHeader,
  hugeField,
  nested,
  lineEnds,
};
