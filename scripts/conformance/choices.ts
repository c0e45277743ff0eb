/** Where R4 leaves room, and what Weir does. */
export const choices: readonly (readonly [where: string, choice: string])[] = [
  ['a PUT on an id that is free', 'creates it (201); on a deleted one the version goes on'],
  ['a write that changes nothing', 'keeps version and time; 200'],
  ['DELETE of what is not there', '204, and no version'],
  ['conditional delete with several matches', '412: one at a time'],
  ['an empty If-None-Exist, criteria that are not understood', '400: never "any"'],
  [
    'a search parameter that is unknown',
    'left out, also of the self link; 400 with Prefer: handling=strict',
  ],
  ['a modifier that is not offered', '400, always'],
  ['a date without a zone', 'UTC'],
  ['tokens', 'case-sensitive, code systems that are not included'],
  ['Bundle.total', 'exact unless _total=none; also for _total=estimate'],
  ['order without _sort', 'that of creation'],
  ['_count beyond 1,000', '1,000, as the self link says'],
  [
    'pages',
    'what existed at the first page, each once; links are sealed and say nothing of the search',
  ],
  ['an include that leads nowhere', 'passed over'],
  [
    'a conditional reference in a transaction',
    'finds what was there before it: none is 422, several are 412',
  ],
  [
    'a conditional reference elsewhere',
    '422 in a create, update, patch or batch: R4 resolves them in transactions; $import resolves them too',
  ],
  ['a fullUrl twice in a batch or transaction', '400, and nothing is performed'],
  [
    'the address of an entry',
    "below the base, or this server's own base before it; another address is 400",
  ],
  [
    'a batch or transaction that takes more than 120 s, or whose client is gone',
    'a batch performs no further entries (503 each), a transaction writes nothing (503)',
  ],
  ['If-Match on a read', 'passed over: it bears on writes'],
  [
    'many patches of one resource, or conditional updates under one condition, at once',
    'take turns; all are applied',
  ],
  ['_at', 'a version is current at its own instant, however soon the next one came'],
  [
    'a parameter of a terminology operation twice, or two that contradict',
    '400: none wins in silence',
  ],
  ['the same resource twice in a transaction', '400, also where criteria say so'],
  ['a GET that fails in a transaction', 'the transaction fails'],
  ['a code system that is not loaded', '404, and its name'],
  [
    '_contained=true and both',
    'in searches of types; conditions are said of one contained resource; no order, chain or _content; counted when asked',
  ],
  [
    '_text',
    'words of the narrative, on every store; _content, words of any text, by reading bodies, not on MongoDB',
  ],
  ['criteria that ask for nothing (`_sort=x`, `identifier=,`)', '400 in conditional interactions'],
  ['a profile that a resource claims', 'enforced where it is known; no obstacle where it is not'],
  ['formats', 'JSON and XML; what a browser accepts is JSON'],
  ['pages of other origins', 'may call with a token; cookies never count for them'],
  [
    '`Prefer: respond-async`',
    'honoured for reads, searches, batches and transactions, not for writes of one resource',
  ],
  ['referential integrity', 'not enforced: what is referred to may come later'],
];
