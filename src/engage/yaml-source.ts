import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';

/** A fault in a rule file, with its place counted from 1. */
export interface RuleFault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** All faults of all files at once; an analyst should not find them one by one. */
export class RuleError extends Error {
  readonly faults: readonly RuleFault[];

  constructor(faults: readonly RuleFault[]) {
    super(faults.map(faultLine).join('\n'));
    this.name = 'RuleError';
    this.faults = faults;
  }
}

/** `hospital.yaml:12:5 message` */
function faultLine(fault: RuleFault): string {
  return `${fault.file}:${fault.line}:${fault.column} ${fault.message}`;
}

export type Path = readonly (string | number)[];

/** A parsed YAML file that knows where each of its values stands. */
export interface YamlSource {
  readonly value: unknown;
  readonly faults: readonly RuleFault[];
  /** A fault at the value of a path; at `key`, the key that should not be there. */
  faultAt(path: Path, message: string, key?: string): RuleFault;
  placeOf(path: Path): Omit<RuleFault, 'message'>;
}

export function parseYaml(file: string, text: string): YamlSource {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, version: '1.2' });
  const place = (offset: number): Omit<RuleFault, 'message'> => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const at = (offset: number, message: string): RuleFault => ({ ...place(offset), message });
  const faults = document.errors.map((error) => {
    const [first = error.message] = error.message.split('\n');
    return at(error.pos[0], first.replace(/ at line \d+, column \d+:?$/, ''));
  });
  return {
    value: faults.length > 0 ? undefined : (document.toJS() as unknown),
    faults,
    faultAt: (path, message, key) => at(offsetOf(document, path, key), message),
    placeOf: (path) => place(offsetOf(document, path)),
  };
}

const ajv = new Ajv({ allErrors: true, strict: false });

export function compileSchema(schema: object): ValidateFunction {
  return ajv.compile(schema);
}

/** Checks a file's value; the faults say what is wrong in the file's own words. */
export function schemaFaults(source: YamlSource, validate: ValidateFunction): RuleFault[] {
  if (validate(source.value)) return [];
  return (validate.errors ?? [])
    .filter((error) => error.keyword !== 'if' && error.keyword !== 'propertyNames')
    .map((error) => schemaFault(source, error));
}

function schemaFault(source: YamlSource, error: ErrorObject): RuleFault {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'));
  const params = error.params as Record<string, unknown>;
  if (error.keyword === 'additionalProperties') {
    const key = String(params['additionalProperty']);
    return source.faultAt(path, `unknown key "${key}"`, key);
  }
  if (error.keyword === 'required') {
    return source.faultAt(path, `"${String(params['missingProperty'])}" is missing`);
  }
  const last = path.at(-1) ?? 'file';
  if (error.keyword === 'enum') {
    const allowed = (params['allowedValues'] as readonly unknown[]).map(String).join(' | ');
    return source.faultAt(path, `"${last}" must be one of ${allowed}`);
  }
  if (error.propertyName !== undefined) {
    return source.faultAt(path, `"${error.propertyName}" is no valid name`, error.propertyName);
  }
  return source.faultAt(path, `"${last}" ${error.message ?? 'is wrong'}`);
}

function offsetOf(document: Document, path: Path, key?: string): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(indexed(path.slice(0, depth)), true);
    if (!isNode(node)) continue;
    if (depth === path.length && key !== undefined) {
      const pairs = (node as { items?: readonly { key?: unknown }[] }).items ?? [];
      const pair = pairs.find((each) => isNode(each.key) && String(each.key) === key);
      if (isNode(pair?.key)) return pair.key.range?.[0] ?? 0;
    }
    return node.range?.[0] ?? 0;
  }
  return 0;
}

/** JSON pointers spell list positions as text. */
function indexed(path: Path): (string | number)[] {
  return path.map((part) => (/^\d+$/.test(String(part)) ? Number(part) : part));
}
