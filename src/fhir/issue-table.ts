/**
 * Every fault that Weir can name: one row, two faces. OperationOutcome (`type`, `status`) and MSA/ERR
 * (`msa1`, `err3`) are rendered from the same row, and docs/reference/errors.md is generated from it.
 *
 * - `type`: FHIR IssueType, http://hl7.org/fhir/R4/valueset-issue-type.html
 * - `status`: HTTP status, http://hl7.org/fhir/R4/http.html
 * - `msa1`: HL7 table 0008 in original mode; AE = the content will never pass, AR = type, version,
 *   processing id or a fault of ours
 * - `err3`: HL7 table 0357
 * - `retryable`: whether sending the same thing again may succeed
 */
export const issueTable = {
  'syntax-json': row(
    'structure',
    400,
    'AE',
    '207',
    false,
    'The body is not JSON; line and column are given',
  ),
  'syntax-hl7': row('structure', 400, 'AR', '100', false, 'The frame is not an HL7 v2 message'),
  structure: row(
    'structure',
    400,
    'AE',
    '207',
    false,
    'An element has the wrong shape or an unknown name',
  ),
  value: row('value', 400, 'AE', '102', false, 'A value does not fit its type'),
  required: row('required', 422, 'AE', '101', false, 'A required element or field is missing'),
  invariant: row(
    'invariant',
    422,
    'AE',
    '207',
    false,
    'A rule of the resource or profile is broken',
  ),
  'code-invalid': row(
    'code-invalid',
    422,
    'AE',
    '103',
    false,
    'A code is outside a required binding',
  ),
  'reference-target': row(
    'invalid',
    422,
    'AE',
    '207',
    false,
    'A reference points to a type that is not allowed',
  ),
  'unmapped-code': row(
    'code-invalid',
    422,
    'AE',
    '103',
    false,
    'A table has no row for the code and says `else: error`',
  ),
  'segment-sequence': row(
    'structure',
    400,
    'AE',
    '100',
    false,
    'A segment stands where the message structure has none',
  ),
  'required-field': row(
    'required',
    422,
    'AE',
    '101',
    false,
    'A field that the map requires is not valued',
  ),
  'data-type': row('value', 422, 'AE', '102', false, 'A field does not fit its data type'),
  'message-type-unsupported': row(
    'not-supported',
    422,
    'AR',
    '200',
    false,
    'No map takes this message type',
  ),
  'event-unsupported': row(
    'not-supported',
    422,
    'AR',
    '201',
    false,
    'No map takes this trigger event',
  ),
  'sender-refused': row(
    'forbidden',
    403,
    'AR',
    '207',
    false,
    'The sender is not the one this feed is bound to',
  ),
  'control-id-reuse': row(
    'duplicate',
    200,
    'AA',
    '0',
    false,
    'MSH-10 was used before with other content; accepted and flagged',
  ),
  'identity-conflict': row(
    'conflict',
    409,
    'AE',
    '205',
    false,
    'The identifiers belong to different people; a review Task is open',
  ),
  'stale-event': row(
    'informational',
    200,
    'AA',
    '0',
    false,
    'The event is older than what is stored; nothing newer was overwritten',
  ),
  'frame-too-large': row('too-long', 413, 'AR', '207', false, 'The frame is longer than the limit'),
  'body-too-large': row('too-long', 413, 'AR', '207', false, 'The body is longer than the limit'),
  'request-unreadable': row(
    'structure',
    400,
    'AR',
    '207',
    false,
    'The bytes are no HTTP request, or say two things about where it ends',
  ),
  'header-too-large': row(
    'too-long',
    431,
    'AR',
    '207',
    false,
    'The head of the request is longer than HTTP servers take',
  ),
  'request-timeout': row(
    'timeout',
    408,
    'AR',
    '207',
    true,
    'The request did not come to its end in time',
  ),
  limit: row(
    'too-costly',
    400,
    'AR',
    '207',
    false,
    'A bound in limits.ts is passed; the text names it',
  ),
  'not-found': row('not-found', 404, 'AE', '204', false, 'There is no such resource'),
  gone: row('deleted', 410, 'AE', '204', false, 'The resource was deleted'),
  'unknown-type': row(
    'not-supported',
    404,
    'AR',
    '207',
    false,
    'The resource type does not exist in FHIR R4',
  ),
  'unknown-route': row('not-found', 404, 'AR', '207', false, 'Nothing answers at this address'),
  'method-not-allowed': row(
    'not-supported',
    405,
    'AR',
    '207',
    false,
    'The interaction is not offered here',
  ),
  'id-invalid': row(
    'value',
    400,
    'AE',
    '207',
    false,
    'A logical id must match [A-Za-z0-9-.]{1,64}',
  ),
  'id-mismatch': row(
    'value',
    400,
    'AE',
    '207',
    false,
    'The id or type in the body is not the one in the address',
  ),
  'version-conflict': row(
    'conflict',
    412,
    'AR',
    '206',
    false,
    'If-Match names another version than the current one',
  ),
  'write-conflict': row(
    'conflict',
    409,
    'AR',
    '206',
    true,
    'Another write came first; read again and retry',
  ),
  'multiple-matches': row(
    'multiple-matches',
    412,
    'AE',
    '207',
    false,
    'The criteria match more than one resource',
  ),
  'duplicate-identity': row(
    'duplicate',
    400,
    'AE',
    '207',
    false,
    'Two entries of a transaction have the same identity',
  ),
  'etag-invalid': row('value', 400, 'AE', '207', false, 'The ETag is not of the form W/"1"'),
  'media-type': row('not-supported', 415, 'AR', '207', false, 'The Content-Type is not understood'),
  'not-acceptable': row(
    'not-supported',
    406,
    'AR',
    '207',
    false,
    'No representation that the client accepts',
  ),
  'search-parameter': row(
    'not-supported',
    400,
    'AR',
    '207',
    false,
    'The search parameter does not exist for this type',
  ),
  'search-modifier': row(
    'not-supported',
    400,
    'AR',
    '207',
    false,
    'The modifier is not offered for this parameter',
  ),
  'search-value': row(
    'value',
    400,
    'AE',
    '207',
    false,
    'The search value does not fit the parameter type',
  ),
  'cursor-invalid': row(
    'value',
    400,
    'AR',
    '207',
    false,
    'The page link is not one that this server made, or too old',
  ),
  'parameter-missing': row(
    'required',
    400,
    'AR',
    '207',
    false,
    'A parameter that the operation needs is not given; the text names it',
  ),
  'prefer-invalid': row('value', 400, 'AR', '207', false, 'The Prefer header has an unknown value'),
  'not-supported': row(
    'not-supported',
    400,
    'AR',
    '207',
    false,
    'The feature is not offered; the text says what is',
  ),
  login: row('login', 401, 'AR', '207', false, 'No valid token or session'),
  forbidden: row('forbidden', 403, 'AR', '207', false, 'The role or scope does not allow this'),
  transient: row(
    'transient',
    503,
    'AR',
    '207',
    true,
    'A dependency is away; the same request may pass later',
  ),
  'index-incomplete': row(
    'incomplete',
    503,
    'AR',
    '207',
    true,
    'A search parameter is new, and not every resource is indexed by it yet',
  ),
  'storage-full': row('no-store', 503, 'AR', '207', true, 'The store cannot write; reads go on'),
  'shutting-down': row(
    'transient',
    503,
    'AR',
    '207',
    true,
    'The server is stopping; retry on the next connection',
  ),
  timeout: row('timeout', 503, 'AR', '207', true, 'The work took longer than its limit'),
  'mapping-fault': row(
    'exception',
    500,
    'AE',
    '207',
    false,
    'A map made something that our own validation refuses; the message is parked',
  ),
  exception: row(
    'exception',
    500,
    'AR',
    '207',
    false,
    'A fault of ours; the log has it under the given id',
  ),
} as const satisfies Record<string, IssueRow>;

export type IssueCode = keyof typeof issueTable;

export interface IssueRow {
  readonly type: string;
  readonly status: number;
  readonly msa1: 'AA' | 'AE' | 'AR';
  readonly err3: string;
  readonly retryable: boolean;
  readonly doc: string;
}

/** The row of a code. */
export function issueRow(code: IssueCode): IssueRow {
  return issueTable[code];
}

// The columns of a table, in the table's order.
// eslint-disable-next-line max-params
function row(
  type: string,
  status: number,
  msa1: IssueRow['msa1'],
  err3: string,
  retryable: boolean,
  doc: string,
): IssueRow {
  return { type, status, msa1, err3, retryable, doc };
}
