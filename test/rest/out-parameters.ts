import type { CallAnswer } from './fhir-app.ts';

type Part = Readonly<Record<string, unknown>> & { readonly name: string };

/** Values by the name of the parameter; parts as objects of the same kind. */
export function outOf({ json }: CallAnswer): Readonly<Record<string, unknown>> {
  return valuesOf(json.parameter ?? []);
}

function valuesOf(parts: readonly Part[]): Readonly<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  for (const part of parts) {
    const { name } = part;
    const key = Object.keys(part).find((each) => each.startsWith('value')) ?? 'part';
    const value = key === 'part' ? valuesOf(part['part'] as readonly Part[]) : part[key];
    const known = out[name];
    out[name] = known === undefined ? value : [known, value].flat();
  }
  return out;
}

/** `name valueX` or, for a resource, `name`. */
export function parameters(values: Readonly<Record<string, unknown>>): object {
  const parameter = Object.entries(values).map(([key, value]) => {
    const [name = '', kind = 'resource'] = key.split(' ');
    return { name, [kind]: value };
  });
  return { resourceType: 'Parameters', parameter };
}
