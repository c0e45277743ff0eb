/** Method, address below the base, body and headers. */
export interface HostileRequest {
  readonly method: string;
  readonly url: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Requests that a server must refuse with a reason, and never with a fault of its own. */
export const hostileRequests: readonly (readonly [name: string, request: HostileRequest])[] = [
  ...bodies(),
  ...bundles(),
  ...addresses(),
  ...parameters(),
  ...controls(),
  ...headers(),
  ...patches(),
  ...background(),
];

type Case = readonly [string, HostileRequest];

function bodies(): Case[] {
  const deep = (open: string, close: string, n: number): string =>
    `{"resourceType":"Patient","extension":${open.repeat(n)}1${close.repeat(n)}}`;
  const patient = (rest: string): string => `{"resourceType":"Patient",${rest}}`;
  const texts: Readonly<Record<string, string | Buffer>> = {
    'no body': '',
    'one brace': '{',
    null: 'null',
    'a list': '[]',
    'a text': '"Patient"',
    'a number': '1',
    'two values': '{} {}',
    'a comment': '{/* */"resourceType":"Patient"}',
    'a comma too many': patient('"active":true,'),
    'single quotes': "{'resourceType':'Patient'}",
    NaN: patient('"active":NaN'),
    'a type that is a number': '{"resourceType":1}',
    'a type that is a list': '{"resourceType":["Patient"]}',
    'no type': '{"active":true}',
    'a type of another spelling': '{"resourceType":"patient"}',
    'a type that is a prototype': '{"resourceType":"__proto__"}',
    'a type that is a constructor': '{"resourceType":"constructor"}',
    '__proto__ as an element': patient('"__proto__":{"admin":true}'),
    'constructor as an element': patient('"constructor":{"prototype":{}}'),
    'an unknown element': patient('"nonsense":1'),
    'keys given twice': patient('"active":true,"active":false'),
    'an id with slashes': patient('"id":"../../etc"'),
    'an id that is too long': patient(`"id":"${'a'.repeat(65)}","active":"x"`),
    'meta as a text': patient('"meta":"x"'),
    'tags as an object': patient('"meta":{"tag":{"code":"SUBSETTED"}}'),
    'a tag that is null': patient('"meta":{"tag":[null]}'),
    'an empty list': patient('"name":[]'),
    'an empty object': patient('"name":[{}]'),
    'a value that is null': patient('"active":null'),
    'an empty text': patient('"name":[{"family":""}]'),
    'a list where one is': patient('"gender":["male"]'),
    'one where a list is': patient('"name":{"family":"x"}'),
    'a code that is none': patient('"gender":"no such"'),
    'a date that is none': patient('"birthDate":"2020-13-45"'),
    'a date before all calendars': patient('"birthDate":"0000-00-00"'),
    'a date far off': patient('"birthDate":"99999-01-01"'),
    'a narrative that is a number': patient('"text":{"status":"generated","div":7}'),
    'a narrative with a script': patient(
      '"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><script>1</script></div>"}',
    ),
    'a narrative with a handler': patient(
      '"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p onclick=\\"x()\\">1</p></div>"}',
    ),
    'half a surrogate': patient('"name":"\\ud800"'),
    'a number beyond all': patient('"multipleBirthInteger":1e999'),
    'an integer with digits behind the point': patient('"multipleBirthInteger":1.5'),
    'bytes that are no UTF-8': Buffer.from([0x7b, 0xff, 0xfe, 0x7d]),
    'UTF-16': Buffer.from('{"resourceType":"Patient"}', 'utf16le'),
    'a NUL byte': Buffer.from('{"resourceType":"Patient"\0}'),
    'a hundred lists': deep('[', ']', 100),
    'a hundred thousand lists': deep('[', ']', 100_000),
    'ten thousand objects': deep('{"a":', '}', 10_000),
    'contained in contained': patient(
      '"contained":[{"resourceType":"Patient","id":"a","contained":[{"resourceType":"Patient","id":"b"}]}]',
    ),
  };
  return Object.entries(texts).map(([name, body]) => [
    `a body: ${name}`,
    { method: 'POST', url: '/Patient', body },
  ]);
}

function bundles(): Case[] {
  const bundle = (type: unknown, entry: unknown): string =>
    JSON.stringify({ resourceType: 'Bundle', type, entry });
  const request = (method: unknown, url: unknown, more: object = {}): string =>
    bundle('transaction', [{ request: { method, url, ...more } }]);
  const patient = { resourceType: 'Patient', id: 'a' };
  const put = { resource: patient, request: { method: 'PUT', url: 'Patient/a' } };
  const texts: Readonly<Record<string, string>> = {
    'of no type': bundle(undefined, []),
    'of a type that is not sent': bundle('searchset', []),
    'entries as an object': bundle('transaction', {}),
    'an entry that is null': bundle('transaction', [null]),
    'an entry without a request': bundle('transaction', [{ resource: patient }]),
    'a method that is none': request('FETCH', 'Patient/a'),
    'a method that is a number': request(1, 'Patient/a'),
    'an address that is a list': request('GET', ['Patient']),
    'an address that climbs': request('GET', '../../etc/passwd'),
    'an address elsewhere': request('GET', 'http://elsewhere.test/Patient/a'),
    'a broken address': request('PUT', 'Patient/%zz'),
    'a POST to an id': bundle('transaction', [
      { resource: patient, request: { method: 'POST', url: 'Patient/a' } },
    ]),
    'a PUT without a resource': request('PUT', 'Patient/a'),
    'ifMatch as a number': request('DELETE', 'Patient/a', { ifMatch: 1 }),
    'the same twice': bundle('transaction', [put, put]),
    'a transaction in a transaction': bundle('transaction', [
      {
        resource: { resourceType: 'Bundle', type: 'transaction', entry: [put] },
        request: { method: 'POST', url: '' },
      },
    ]),
    'fullUrl as a number': bundle('transaction', [{ ...put, fullUrl: 1 }]),
    'a reference that finds nobody': bundle('transaction', [
      {
        resource: {
          resourceType: 'Observation',
          status: 'final',
          code: { text: 'x' },
          subject: { reference: 'Patient?identifier=urn:x|nobody' },
        },
        request: { method: 'POST', url: 'Observation' },
      },
    ]),
    'twenty thousand entries': bundle(
      'transaction',
      Array.from({ length: 20_000 }, () => ({ request: { method: 'GET', url: 'Patient/never' } })),
    ),
  };
  return Object.entries(texts).map(([name, body]) => [
    `a Bundle: ${name}`,
    { method: 'POST', url: '/', body },
  ]);
}

function addresses(): Case[] {
  const urls: readonly (readonly [method: string, url: string])[] = [
    ['GET', '/%zz'],
    ['GET', '/%c0%ae%c0%ae/Patient'],
    ['GET', '/Patient/%00'],
    ['GET', '/Patient/%0d%0aSet-Cookie:x=1'],
    ['GET', '/Patient/%2e%2e%2f%2e%2e'],
    ['GET', '/Patient/..%5c..'],
    ['GET', '/Patient/a%2fb'],
    ['GET', '/Patient/a b'.replace(' ', '%20')],
    ['GET', `/Patient/${'a'.repeat(65)}`],
    ['GET', `/Patient/${'a'.repeat(5_000)}`],
    ['GET', "/Patient/'%20OR%201=1--"],
    ['GET', '/Patient/%7B%22$gt%22:%22%22%7D'],
    ['GET', '/patient/a'],
    ['GET', '/Nonsense'],
    ['GET', '/__proto__'],
    ['GET', '/__proto__/a'],
    ['GET', '/constructor/1'],
    ['GET', '/toString'],
    ['GET', '/Patient/a/$no-such-operation'],
    ['GET', '/$no-such-operation'],
    ['GET', '/Patient/a/_history/x_y'],
    ['GET', '/Patient/a/_history/99999999999999999999'],
    ['GET', '/Patient/a/_history/-1'],
    ['GET', '/Patient/a/Nonsense'],
    ['GET', '/Patient/a/b/c/d/e/f'],
    ['GET', '/Observation/a/Patient'],
    ['PUT', '/'],
    ['PUT', '/_history'],
    ['DELETE', '/'],
    ['DELETE', '/Patient'],
    ['PATCH', '/Patient'],
    ['POST', '/metadata'],
    ['DELETE', '/metadata'],
  ];
  return urls.map(([method, url]) => [
    `${method} ${url.slice(0, 60)}`,
    method === 'GET' || method === 'DELETE' ? { method, url } : { method, url, body: '{}' },
  ]);
}

/** A value that is none, for each kind of parameter; what is text may be anything. */
function parameters(): Case[] {
  const wrong: Readonly<Record<string, readonly string[]>> = {
    'Observation?value-quantity': ["1' OR '1'='1", '{"$gt":""}', 'NaN', '1e999999', 'gt', '5,,x'],
    'RiskAssessment?probability': ['1;DROP TABLE resource', '0x10', '--1', 'Infinity', '1__2'],
    'Patient?birthdate': ["2020' --", '2020-13', '2020-02-30', '99999', 'gegt2020', '{"$ne":1}'],
    'Patient?_lastUpdated': ['ge', 'yesterday', '2020-01-01T25:00:00Z'],
    'Observation?date': ['2020-01-01T24:01:00Z', '2020-1-1', 'eq', '2020-01-01T00:00:00+99:00'],
    'Observation?subject:Nonsense': ['1'],
    'Observation?subject:Patient.name:nonsense': ['1'],
    'Observation?code-value-quantity': ['x', '$', 'a$b$c', "8480-6$gt140'"],
    'Location?near': ['1', 'x|y', '91|0', '0|181', '1|2|-3|km', '1|2|3|parsec'],
    'Patient?name:nonsense': ['a'],
    'Patient?name:exact:contains': ['a'],
    'Patient?gender:missing': ['maybe', '1'],
    'Patient?identifier:of-type': ['x', 'a|b'],
    'Patient?_has:Observation:nonsense:code': ['1'],
    'Patient?_has:Nonsense:subject:code': ['1'],
    'Patient?_has:': ['1'],
    'Patient?_has:Observation': ['1'],
    [`Patient?${'_has:Observation:subject:'.repeat(50)}code`]: ['1'],
    [`Observation?${'has-member.'.repeat(50)}code`]: ['1'],
  };
  return Object.entries(wrong).flatMap(([name, values]) =>
    values.map((value): Case => {
      const url = `/${name}=${encodeURIComponent(value)}`;
      return [url.slice(0, 80), { method: 'GET', url }];
    }),
  );
}

function controls(): Case[] {
  const queries = [
    '_count=-1',
    '_count=1.5',
    '_count=x',
    '_count=99999999999999999999999',
    '_sort=__proto__',
    '_sort=constructor',
    '_sort=nonsense',
    '_sort=-',
    '_sort=birthdate;DROP TABLE resource',
    '_include=Patient:__proto__',
    '_include=Nonsense:subject',
    '_include=Patient',
    '_revinclude=Observation',
    '_revinclude=Observation:nonsense',
    '_summary=nonsense',
    '_total=nonsense',
    '_elements=$where',
    '_page=AAAA',
    '_page=%7B%7D',
    '_page=',
    'name=%zz',
    'name=%c3',
    'name=a&'.repeat(2_000),
    `name=${'a,'.repeat(50_000)}`.slice(0, 15_000),
    '_format=exe',
    '_query=nonsense',
  ];
  const history = ['_since=0000', '_since=x', '_at=x', '_count=-1', '_since=2020-01-01T10:00:00'];
  return [
    ...queries.map((query): Case => [
      `search ${query.slice(0, 60)}`,
      { method: 'GET', url: `/Patient?${query}` },
    ]),
    ...history.map((query): Case => [
      `history ${query}`,
      { method: 'GET', url: `/Patient/_history?${query}` },
    ]),
    ['delete by what is no parameter', { method: 'DELETE', url: '/Patient?nonsense=1' }],
    ['delete by nothing', { method: 'DELETE', url: '/Patient?' }],
    ['delete by an empty value', { method: 'DELETE', url: '/Patient?identifier=' }],
  ];
}

function headers(): Case[] {
  const body = '{"resourceType":"Patient","id":"a"}';
  const put = { method: 'PUT', url: '/Patient/a', body };
  const post = { method: 'POST', url: '/Patient', body };
  const get = { method: 'GET', url: '/Patient/a' };
  const odd: readonly (readonly [HostileRequest, Readonly<Record<string, string>>])[] = [
    [put, { 'if-match': '1' }],
    [put, { 'if-match': 'W/1' }],
    [put, { 'if-match': 'W/"1' }],
    [put, { 'if-match': 'W/"no-such"' }],
    [put, { 'if-none-match': '*' }],
    [put, { 'content-type': 'text/plain' }],
    [put, { 'content-type': 'application/fhir+json; charset=utf-16' }],
    [put, { 'content-type': 'nonsense' }],
    [put, { 'content-type': 'multipart/form-data; boundary=x' }],
    [put, { prefer: 'return=everything' }],
    [put, { prefer: 'handling=careless' }],
    [get, { accept: 'image/png' }],
    [get, { accept: 'application/fhir+turtle' }],
    [get, { prefer: 'handling=none' }],
    [post, { 'if-none-exist': '' }],
    [post, { 'if-none-exist': 'nonsense=1' }],
    [post, { 'if-none-exist': 'Patient?identifier' }],
    [post, { 'content-encoding': 'nonsense' }],
    [post, { 'content-encoding': 'gzip' }],
    [post, { 'content-encoding': 'gzip, br' }],
  ];
  return odd.map(([request, headers]): Case => {
    const [[name = '', value = ''] = []] = Object.entries(headers);
    return [`${request.method} with ${name}: ${value}`, { ...request, headers }];
  });
}

function patches(): Case[] {
  const texts: Readonly<Record<string, string>> = {
    'no list': '{}',
    'an operation that is none': '[{"op":"burn","path":"/active"}]',
    'a path that is none': '[{"op":"add","path":"active","value":true}]',
    'a path into the prototype': '[{"op":"add","path":"/__proto__/x","value":1}]',
    'a path beyond the list': '[{"op":"replace","path":"/name/7/family","value":"x"}]',
    'another type': '[{"op":"replace","path":"/resourceType","value":"Observation"}]',
    'another id': '[{"op":"replace","path":"/id","value":"b"}]',
    'a test that fails': '[{"op":"test","path":"/id","value":"b"}]',
    'what is invalid then': '[{"op":"add","path":"/birthDate","value":"x"}]',
    'a copy that grows without end': JSON.stringify([
      { op: 'add', path: '/extension', value: [{ url: 'urn:x', valueString: 'x'.repeat(1_000) }] },
      ...Array.from({ length: 64 }, (_, n) => ({
        op: 'copy',
        from: '/extension',
        path: `/extension/0/extension${String(n)}`,
      })),
    ]),
  };
  return Object.entries(texts).map(([name, body]) => [
    `a patch: ${name}`,
    {
      method: 'PATCH',
      url: '/Patient/a',
      body,
      headers: { 'content-type': 'application/json-patch+json' },
    },
  ]);
}

/** Work that outlasts its request, and Subscriptions. */
function background(): Case[] {
  const deep = `${'['.repeat(100)}${']'.repeat(100)}`;
  const rows: readonly (readonly [method: string, url: string, body?: string])[] = [
    ['GET', '/$export-status/..%2f..%2fx'],
    ['GET', '/$export-status/none'],
    ['GET', '/$export-file/none/..%2f..%2fetc%2fpasswd'],
    ['DELETE', '/$import-status/none'],
    ['DELETE', `/$async-status/${'a'.repeat(5_000)}`],
    ['GET', '/$export?_type=Patient&_typeFilter=%00'],
    ['POST', '/$export', '{'],
    ['POST', '/$import', '{"inputFormat":{"__proto__":1}}'],
    ['POST', '/$import', deep],
    ['GET', '/Subscription/%2e%2e/$events'],
    ['POST', '/Subscription/$status', '{"resourceType":"Parameters","parameter":7}'],
    ['POST', '/Subscription/$get-ws-binding-token', '[]'],
    ['POST', '/Subscription', '{"resourceType":"Subscription","criteria":{},"channel":[]}'],
    [
      'POST',
      '/Subscription',
      '{"resourceType":"Subscription","status":"requested","reason":"x","criteria":"Patient?name=(a+)+$","channel":{"type":"rest-hook","endpoint":"http://0:22/"}}',
    ],
  ];
  return rows.map(([method, url, body]) => [
    `${method} ${url.slice(0, 60)}${body === undefined ? '' : ` ${body.slice(0, 40)}`}`,
    { method, url, ...(body === undefined ? {} : { body }) },
  ]);
}
