import type { At, EffectRule, ResourceRule } from '../language/model.ts';
import { suggestion } from '../map-issue.ts';
import type { CompiledEffect } from '../run/compiled.ts';
import type { Compiler } from './compiler.ts';
import { compileCondition } from './conditions.ts';

/** Records that have a status for what should never have been: what can be merged besides people. */
const mergeable: ReadonlySet<string> = new Set(['Encounter', 'Account']);

type Named = ReadonlyMap<string, ResourceRule>;

/** The effects of a message map, each checked against the resources that it names. */
export function compileEffects(
  rules: readonly EffectRule[],
  compiler: Compiler,
): readonly CompiledEffect[] {
  const resources: Named = compiler.resources ?? new Map();
  reportUnused(rules, resources, compiler);
  return rules.map((rule) => {
    const of = named(rule.of, resources, compiler);
    const into = rule.into && named(rule.into, resources, compiler);
    if (of && (into || !rule.into)) checkParties(rule, { of, into, compiler });
    return {
      name: rule.name,
      kind: rule.kind,
      of: rule.of.value,
      into: rule.into?.value,
      when: rule.when && compileCondition(rule.when, { name: rule.name }, compiler),
    };
  });
}

function named(
  { value, place }: At<string>,
  resources: Named,
  { issues }: Compiler,
): ResourceRule | undefined {
  const found = resources.get(value);
  if (!found) {
    const hint = suggestion(value, resources.keys());
    issues.add(place, `There is no resource \`${value}\` in this map${hint}`);
  } else if (!found.key) {
    issues.add(place, `\`${value}\` has no \`key\`, so that nobody can tell which one is meant`);
  }
  return found;
}

interface Parties {
  readonly of: ResourceRule;
  readonly into: ResourceRule | undefined;
  readonly compiler: Compiler;
}

function checkParties(rule: EffectRule, parties: Parties): void {
  const { into, compiler } = parties;
  if (into?.write === 'never') {
    const text = `\`${into.name}\` is never written, so that it takes nothing over`;
    compiler.issues.add(rule.into?.place ?? rule.place, text);
  }
  const fault = faultOf(rule, parties);
  if (fault !== undefined) compiler.issues.add(fault.at?.place ?? rule.place, fault.text);
}

interface Fault {
  readonly text: string;
  readonly at?: At<string> | undefined;
}

function faultOf(rule: EffectRule, { of, into }: Parties): Fault | undefined {
  const { kind } = rule;
  switch (kind) {
    case 'link':
    case 'unlink':
      if (isPerson(of)) return undefined;
      return { text: `\`${kind}\` is for people: \`key: person\``, at: rule.of };
    case 'move':
      if (isPerson(into)) return undefined;
      return { text: 'What is moved goes to a person: `key: person`', at: rule.into };
    default:
      return into && mergeFault(rule, of, into);
  }
}

function mergeFault(rule: EffectRule, of: ResourceRule, into: ResourceRule): Fault | undefined {
  const { kind } = rule;
  const type = of.type.value;
  if (type !== into.type.value || isPerson(of) !== isPerson(into)) {
    return { text: `\`${kind}\` needs two resources of one type that are found in one way` };
  }
  if (isPerson(of) || mergeable.has(type)) return undefined;
  const known = ['people', ...mergeable].join(', ');
  return { text: `\`${kind}\` is for ${known}; not for ${type}`, at: rule.of };
}

function isPerson(rule: ResourceRule | undefined): boolean {
  return rule?.key?.kind === 'person';
}

function reportUnused(rules: readonly EffectRule[], resources: Named, { issues }: Compiler): void {
  const used = new Set(rules.map(({ of }) => of.value));
  for (const { name, write, place } of resources.values()) {
    if (write !== 'never' || used.has(name)) continue;
    issues.add(place, `\`${name}\` is never written, and no effect is done to it`);
  }
}
