import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { limits } from '../limits.ts';
import { compilePack } from './compile.ts';
import type { Rule } from './rule.ts';
import { parseSettings, type EngageSettings } from './settings.ts';
import { RuleError, type RuleFault } from './yaml-source.ts';

/** All rules of a site and what they share. */
export interface RuleBook {
  readonly rules: readonly Rule[];
  readonly settings: EngageSettings;
  /** The rules that a change of this resource type may concern. */
  triggeredBy(resourceType: string): readonly Rule[];
  rule(id: string): Rule | undefined;
}

/** A rule file by name, as text. */
export interface RuleFile {
  readonly name: string;
  readonly text: string;
}

const settingsName = 'settings.yaml';

/**
 * Reads the `*.yaml` of each folder. A rule in a later folder replaces the earlier one of the same id, and so
 * does `settings.yaml`. Throws {@link RuleError} with every fault as `file:line:column message`.
 */
export async function loadRules(folders: readonly string[]): Promise<RuleBook> {
  const layers = await Promise.all(folders.map(readFolder));
  return compileRules(layers);
}

/** The same from texts. */
export function compileRules(layers: readonly (readonly RuleFile[])[]): RuleBook {
  const settingsFile = layers.flat().findLast((file) => file.name.endsWith(settingsName));
  if (!settingsFile) throw new RuleError([atStart(settingsName, 'the file is missing')]);
  const settings = parseSettings(settingsFile.name, settingsFile.text);
  const byId = new Map<string, Rule>();
  const faults: RuleFault[] = [];
  for (const layer of layers) {
    const inLayer = new Set<string>();
    for (const file of layer) {
      if (file.name.endsWith(settingsName)) continue;
      const pack = compilePack(file.name, file.text, settings);
      faults.push(...pack.faults);
      for (const rule of pack.rules) {
        if (inLayer.has(rule.id)) {
          faults.push(atStart(file.name, `rule "${rule.id}" is defined twice`));
        }
        inLayer.add(rule.id);
        byId.set(rule.id, rule);
      }
    }
  }
  if (faults.length === 0) faults.push(...danglingRevocations(byId));
  if (faults.length > 0) throw new RuleError(faults);
  return ruleBook([...byId.values()], settings);
}

function ruleBook(rules: readonly Rule[], settings: EngageSettings): RuleBook {
  const active = rules.filter((rule) => rule.mode !== 'off');
  const byType = Map.groupBy(
    active.flatMap((rule) =>
      [...new Set(rule.on.map((trigger) => trigger.resource))].map((type) => ({ type, rule })),
    ),
    ({ type }) => type,
  );
  return {
    rules,
    settings,
    triggeredBy: (type) => (byType.get(type) ?? []).map(({ rule }) => rule),
    rule: (id) => active.find((rule) => rule.id === id),
  };
}

/** A revoke step must name what exists, or it would silently take nothing back. */
function danglingRevocations(rules: ReadonlyMap<string, Rule>): RuleFault[] {
  return [...rules.values()].flatMap((rule) =>
    rule.steps.flatMap((step) => {
      if (step.do !== 'revoke') return [];
      const target = rules.get(step.rule);
      if (!target) return [at(rule, `step "${step.name}" revokes unknown rule "${step.rule}"`)];
      return (step.steps ?? [])
        .filter((name) => !target.steps.some((each) => each.name === name))
        .map((name) => at(rule, `step "${step.name}" revokes unknown step "${name}"`));
    }),
  );
}

async function readFolder(folder: string): Promise<readonly RuleFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(path.join(folder, name), 'utf8');
      if (text.length > limits.mapFileBytesMax) {
        throw new RuleError([atStart(name, `the file is over ${limits.mapFileBytesMax} bytes`)]);
      }
      return { name, text };
    }),
  );
}

function at({ place }: Rule, message: string): RuleFault {
  return { ...place, message };
}

function atStart(file: string, message: string): RuleFault {
  return { file, line: 1, column: 1, message };
}
