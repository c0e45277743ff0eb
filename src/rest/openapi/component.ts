import { resourceTypes } from '../../fhir/definitions.ts';
import { searchable } from '../interaction/capabilities.ts';
import { typeSchemas } from './schema.ts';

type Part = Readonly<Record<string, unknown>>;

export function ref(section: string, name: string): Part {
  return { $ref: `#/components/${section}/${name}` };
}

/** What operations of the document refer to: http://spec.openapis.org/oas/v3.1.0#components-object. */
export function components(): Part {
  return {
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        description: 'A token of `weir token`, or of a sign-in',
      },
    },
    parameters,
    headers,
    responses: {
      ...responses,
      ...Object.fromEntries(resourceTypes().map((type) => [type, resourceResponse(type)])),
    },
    requestBodies: {
      ...bodies,
      ...Object.fromEntries(
        resourceTypes().map((type) => [type, { required: true, content: fhirContent(type) }]),
      ),
    },
    schemas: {
      ...typeSchemas(),
      Search: { type: 'object', additionalProperties: true },
      ...Object.fromEntries(resourceTypes().map((type) => [`${type}Search`, searchForm(type)])),
    },
  };
}

function fhirContent(schema: string): Part {
  const content = { schema: ref('schemas', schema) };
  // The schema is one of JSON: XML is text to it.
  return {
    'application/fhir+json': content,
    'application/fhir+xml': { schema: { type: 'string' } },
  };
}

function resourceResponse(type: string): Part {
  return {
    description: `A ${type}`,
    headers: {
      ETag: ref('headers', 'ETag'),
      'Last-Modified': ref('headers', 'LastModified'),
      'X-Request-Id': ref('headers', 'RequestId'),
    },
    content: fhirContent(type),
  };
}

/** A search as a form: every parameter may come more than once. */
function searchForm(type: string): Part {
  const properties = searchable(type).map(({ code }) => [code, { type: 'string' }] as const);
  return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: true };
}

const text = { type: 'string' };
const id = { type: 'string', pattern: '^[A-Za-z0-9.-]{1,64}$' };

function query(name: string, description: string, schema: Part = text): Part {
  return { name, in: 'query', description, schema };
}

function header(name: string, description: string): Part {
  return { name, in: 'header', description, schema: text };
}

/** By the name that operations refer to. */
export const parameters: Part = {
  id: { name: 'id', in: 'path', required: true, schema: id, description: 'The logical id' },
  versionId: {
    name: 'versionId',
    in: 'path',
    required: true,
    schema: id,
    description: 'The version',
  },
  format: query('_format', 'Beats Accept: json, xml, or a media type'),
  pretty: query('_pretty', 'Indents the answer', { type: 'boolean' }),
  count: query('_count', 'Resources on a page', { type: 'integer', minimum: 0 }),
  sort: query('_sort', 'Search parameters, each with - before it for descending order'),
  include: query('_include', 'Type:parameter of references to follow; :iterate goes on'),
  revinclude: query('_revinclude', 'Type:parameter of what refers to the matches'),
  summary: query('_summary', 'What of each resource', {
    type: 'string',
    enum: ['true', 'text', 'data', 'count', 'false'],
  }),
  elements: query('_elements', 'Names of the top-level elements to show'),
  total: query('_total', 'Whether matches are counted', {
    type: 'string',
    enum: ['none', 'estimate', 'accurate'],
  }),
  types: query('_type', 'The types to search'),
  since: query('_since', 'What changed at or after this instant'),
  at: query('_at', 'What was current at this time'),
  mode: query('mode', 'Which statement', {
    type: 'string',
    enum: ['full', 'normative', 'terminology'],
  }),
  ifMatch: header('If-Match', 'The ETag that the current version must have'),
  ifNoneMatch: header(
    'If-None-Match',
    'ETags that the caller has; * with a write: only where nothing is',
  ),
  ifModifiedSince: header('If-Modified-Since', 'When the caller read it last'),
  ifNoneExist: header('If-None-Exist', 'Search criteria: created only where nothing matches'),
  prefer: header(
    'Prefer',
    'return=minimal, representation or OperationOutcome; handling=strict or lenient',
  ),
};

const headers: Part = {
  ETag: { description: 'W/"version"', schema: text },
  LastModified: { description: 'When the version was written', schema: text },
  Location: { description: 'The address of the version that was created', schema: text },
  RequestId: { description: 'Ask for this id where something went wrong', schema: text },
};

const responses: Part = {
  Accepted: {
    description: 'It goes on in the background: ask at Content-Location',
    headers: { 'Content-Location': ref('headers', 'Location') },
  },
  Outcome: {
    description: 'What is wrong, and where',
    headers: { 'X-Request-Id': ref('headers', 'RequestId') },
    content: fhirContent('OperationOutcome'),
  },
  Written: {
    description: 'The resource as it was written; other things, or nothing, by Prefer',
    headers: {
      ETag: ref('headers', 'ETag'),
      Location: ref('headers', 'Location'),
      'X-Request-Id': ref('headers', 'RequestId'),
    },
    content: fhirContent('Resource'),
  },
  NotModified: { description: 'The caller has this version' },
  Deleted: { description: 'It is not there any more, or never was' },
  Json: {
    description: 'JSON that is no FHIR resource',
    content: { 'application/json': { schema: { type: 'object' } } },
  },
  Page: { description: 'A page to read', content: { 'text/html': { schema: { type: 'string' } } } },
};

const bodies: Part = {
  Patch: {
    required: true,
    content: {
      'application/json-patch+json': { schema: { type: 'array', items: { type: 'object' } } },
      'application/fhir+json': { schema: ref('schemas', 'Parameters') },
      'application/fhir+xml': { schema: text },
    },
  },
  Graphql: {
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: { query: text, operationName: text, variables: { type: 'object' } },
          required: ['query'],
        },
      },
      'application/graphql': { schema: text },
    },
  },
  Any: { required: true, content: fhirContent('Resource') },
};
