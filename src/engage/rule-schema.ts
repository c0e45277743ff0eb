/** JSON Schemas of the files in `automations/`. An unknown key is an error: a misspelt one must not be ignored. */
const name = { type: 'string', pattern: '^[a-z][a-z0-9-]*$' } as const;
const variable = { type: 'string', pattern: '^[a-z][A-Za-z0-9]*$' } as const;
const fhirPath = { type: 'string', minLength: 1 } as const;
const text = { type: 'string', minLength: 1 } as const;
const offset = { type: 'string', pattern: '^[+-]?P' } as const;
const wallTime = { type: 'string', pattern: '^\\d\\d:\\d\\d$' } as const;
const resourceType = { type: 'string', pattern: '^[A-Z][A-Za-z]+$' } as const;
const priorityCode = { enum: ['routine', 'urgent', 'asap', 'stat'] } as const;
const dateTime = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT' } as const;

function object(properties: Record<string, object>, required: readonly string[] = []): object {
  return { type: 'object', additionalProperties: false, properties, required };
}
function listOf(items: object, minItems = 1): object {
  return { type: 'array', items, minItems };
}
function mapOf(keys: object, values: object): object {
  return { type: 'object', propertyNames: keys, additionalProperties: values, minProperties: 1 };
}

const search = { type: 'string', pattern: '^[A-Z][A-Za-z]+:[a-z-]+$' } as const;
const about = object({ follow: fhirPath, search, of: fhirPath });
const related = object({ follow: fhirPath, search, of: fhirPath, where: fhirPath });
const quietHours = object({ from: wallTime, to: wallTime }, ['from', 'to']);
const cap = object({ max: { type: 'integer', minimum: 1 }, per: offset }, ['max', 'per']);
const resolver = {
  anyOf: [
    { type: 'string', minLength: 1 },
    object({ first: listOf({ type: 'string' }) }, ['first']),
    object({ each: listOf({ type: 'string' }) }, ['each']),
  ],
};
const priority = { anyOf: [priorityCode, mapOf(priorityCode, fhirPath)] };
const window = object({ anchor: fhirPath, from: offset, to: offset }, ['anchor']);
const plannedTime = object(
  {
    anchor: fhirPath,
    offset,
    zone: text,
    wallClock: wallTime,
    late: { enum: ['skip', 'now'] },
    giveUp: offset,
  },
  ['anchor', 'offset'],
);
const message = {
  name,
  when: fhirPath,
  to: resolver,
  category: name,
  priority,
  template: name,
  key: text,
  within: window,
  recheck: fhirPath,
  channels: listOf(name),
  quietHours: { anyOf: [{ const: 'none' }, quietHours] },
  limits: cap,
};

/** By `do`: a fault is then reported against the one kind of step that was meant. */
const stepByKind = {
  task: object(
    {
      name,
      do: { const: 'task' },
      when: fhirPath,
      code: name,
      priority,
      owner: resolver,
      description: text,
      createWhen: fhirPath,
      state: text,
      note: text,
      inputs: mapOf({ type: 'string', minLength: 1 }, fhirPath),
    },
    ['name', 'do', 'code', 'owner', 'description'],
  ),
  communication: object({ ...message, do: { const: 'communication' } }, [
    'name',
    'do',
    'to',
    'category',
    'template',
  ]),
  plan: object({ ...message, do: { const: 'plan' }, at: plannedTime }, [
    'name',
    'do',
    'to',
    'category',
    'template',
    'at',
  ]),
  revoke: object(
    {
      name,
      do: { const: 'revoke' },
      when: fhirPath,
      rule: name,
      steps: listOf(name),
      reason: text,
    },
    ['name', 'do', 'reason'],
  ),
};

const step = {
  type: 'object',
  required: ['do'],
  properties: { do: { enum: Object.keys(stepByKind) } },
  allOf: Object.entries(stepByKind).map(([kind, schema]) => ({
    if: { properties: { do: { const: kind } }, required: ['do'] },
    then: schema,
  })),
};

const resource = {
  type: 'object',
  required: ['resourceType', 'id'],
  properties: { resourceType, id: { type: 'string' } },
};
const example = object(
  {
    name: text,
    now: dateTime,
    zone: text,
    resources: listOf(resource, 0),
    previous: resource,
    event: resource,
    expect: listOf({ type: 'object', required: ['step'] }, 0),
  },
  ['name', 'now', 'event', 'expect'],
);

const rule = object(
  {
    id: name,
    version: { type: 'integer', minimum: 1 },
    mode: { enum: ['off', 'shadow', 'live'] },
    title: text,
    on: listOf(
      object(
        {
          resource: resourceType,
          change: listOf({ enum: ['create', 'update', 'delete'] }),
          about,
        },
        ['resource', 'change'],
      ),
    ),
    related: mapOf(variable, related),
    let: mapOf(variable, fhirPath),
    changed: listOf(fhirPath),
    when: fhirPath,
    steps: listOf(step),
    examples: listOf(example),
  },
  ['id', 'version', 'mode', 'title', 'on', 'steps', 'examples'],
);

export const packSchema = object(
  { pack: name, title: text, templates: mapOf(name, text), rules: listOf(rule) },
  ['pack', 'title', 'rules'],
);

export const settingsSchema = object(
  {
    zone: text,
    quietHours,
    caps: cap,
    channels: object({ patient: listOf(name), staff: listOf(name) }, ['patient', 'staff']),
    departments: mapOf(name, text),
  },
  ['channels', 'departments'],
);
