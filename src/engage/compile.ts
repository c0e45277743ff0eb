import { compileFhirPath, variablesOf, type FhirPath } from './fhir-path.ts';
import { packSchema } from './rule-schema.ts';
import type {
  Example,
  ExampleResource,
  MessageStep,
  PlannedTime,
  Priority,
  PriorityCode,
  RelatedSource,
  Resolver,
  RevokeStep,
  Rule,
  Step,
  TaskStep,
  Window,
} from './rule.ts';
import type {
  MessageStepSource,
  PackSource,
  PrioritySource,
  RelatedSourceSource,
  ResolverSource,
  RevokeStepSource,
  RuleSource,
  StepSource,
  TaskStepSource,
} from './rule-source.ts';
import { isZone, parseOffset, parseWallTime } from './schedule.ts';
import { parseQuietHours, type EngageSettings } from './settings.ts';
import { compileText, type Text } from './text.ts';
import {
  compileSchema,
  parseYaml,
  schemaFaults,
  type Path,
  type RuleFault,
  type YamlSource,
} from './yaml-source.ts';

const validate = compileSchema(packSchema);

/** The variables that every expression of a rule may use, beside its own `let` names. */
const givenVariables = ['previous', 'related', 'before', 'event'];

/** Parses, checks and compiles one pack. With faults, `rules` is empty. */
export function compilePack(
  file: string,
  text: string,
  settings: EngageSettings,
): { readonly rules: readonly Rule[]; readonly faults: readonly RuleFault[] } {
  const source = parseYaml(file, text);
  const early = source.faults.length > 0 ? source.faults : schemaFaults(source, validate);
  if (early.length > 0) return { rules: [], faults: early };
  const pack = source.value as PackSource;
  const faults: RuleFault[] = [];
  const rules = pack.rules.map((rule, index) =>
    new RuleCompiler({ source, pack, settings, faults, rule, at: ['rules', index] }).compile(),
  );
  return { rules: faults.length > 0 ? [] : rules, faults };
}

interface CompilerInput {
  readonly source: YamlSource;
  readonly pack: PackSource;
  readonly settings: EngageSettings;
  readonly faults: RuleFault[];
  readonly rule: RuleSource;
  readonly at: Path;
}

/** One rule's way from the file to closures; every fault is collected with its place. */
class RuleCompiler {
  readonly #input: CompilerInput;
  readonly #variables = new Set(givenVariables);

  constructor(input: CompilerInput) {
    this.#input = input;
  }

  compile(): Rule {
    const { rule, source, at } = this.#input;
    return {
      id: rule.id,
      version: rule.version,
      mode: rule.mode,
      title: rule.title,
      on: rule.on.map((trigger, index) => ({
        resource: trigger.resource,
        change: trigger.change,
        about: trigger.about && this.#related(trigger.about, ['on', index, 'about']),
      })),
      related: Object.entries(rule.related ?? {}).map(([name, each]) => ({
        name,
        source: this.#related(each, ['related', name]),
        where: this.#optional(each.where, ['related', name, 'where']),
      })),
      named: Object.entries(rule.let ?? {}).map(([name, text]) => {
        const path = this.#path(text, ['let', name]);
        this.#variables.add(name);
        return [name, path] as const;
      }),
      changed: (rule.changed ?? []).map((text, index) => this.#path(text, ['changed', index])),
      when: this.#optional(rule.when, ['when']),
      steps: rule.steps.map((step, index) => this.#step(step, ['steps', index])),
      examples: rule.examples.map((_, index) => this.#example(index)),
      place: source.placeOf(at),
    };
  }

  #step(step: StepSource, at: Path): Step {
    const earlier = this.#input.rule.steps.slice(0, Number(at[1]));
    if (earlier.some((each) => each.name === step.name)) {
      this.#fault([...at, 'name'], `step "${step.name}" is defined twice`);
    }
    switch (step.do) {
      case 'task':
        return this.#taskStep(step, at);
      case 'communication':
      case 'plan':
        return this.#messageStep(step, at);
      case 'revoke':
        return this.#revokeStep(step, at);
    }
  }

  #taskStep(step: TaskStepSource, at: Path): TaskStep {
    return {
      do: 'task',
      name: step.name,
      when: this.#optional(step.when, [...at, 'when']),
      code: step.code,
      priority: this.#priority(step.priority, [...at, 'priority']),
      owner: this.#resolver(step.owner, [...at, 'owner']),
      description: this.#text(step.description, [...at, 'description']),
      createWhen: this.#optional(step.createWhen, [...at, 'createWhen']),
      state: step.state === undefined ? undefined : this.#text(step.state, [...at, 'state']),
      note: step.note === undefined ? undefined : this.#text(step.note, [...at, 'note']),
      inputs: Object.entries(step.inputs ?? {}).map(
        ([label, path]) => [label, this.#path(path, [...at, 'inputs', label])] as const,
      ),
    };
  }

  #messageStep(step: MessageStepSource, at: Path): MessageStep {
    const template = this.#input.pack.templates?.[step.template];
    if (template === undefined) {
      this.#fault([...at, 'template'], `there is no template "${step.template}"`);
    }
    const { quietHours, limits: cap, within, at: time } = step;
    return {
      do: step.do,
      name: step.name,
      when: this.#optional(step.when, [...at, 'when']),
      to: this.#resolver(step.to, [...at, 'to']),
      category: step.category,
      priority: this.#priority(step.priority, [...at, 'priority']),
      templateName: step.template,
      template: this.#templateText(step.template, template ?? ''),
      key: step.key === undefined ? undefined : this.#text(step.key, [...at, 'key']),
      at: time && this.#plannedTime(time, [...at, 'at']),
      within: within && this.#window(within, [...at, 'within']),
      recheck:
        step.recheck === undefined ? undefined : this.#focusPath(step.recheck, [...at, 'recheck']),
      channels: step.channels,
      quietHours:
        quietHours === undefined || quietHours === 'none'
          ? quietHours
          : this.#read([...at, 'quietHours'], parseQuietHours, quietHours),
      limit: cap && { max: cap.max, per: this.#offset(cap.per, [...at, 'limits', 'per']) },
    };
  }

  #plannedTime(time: NonNullable<MessageStepSource['at']>, at: Path): PlannedTime {
    return {
      anchor: this.#focusPath(time.anchor, [...at, 'anchor']),
      offset: this.#offset(time.offset, [...at, 'offset']),
      zone: this.#zone(time.zone ?? 'location', [...at, 'zone']),
      wallClock:
        time.wallClock === undefined
          ? undefined
          : this.#read([...at, 'wallClock'], parseWallTime, time.wallClock),
      late: time.late ?? 'skip',
      giveUp: time.giveUp === undefined ? undefined : this.#offset(time.giveUp, [...at, 'giveUp']),
    };
  }

  #window(window: NonNullable<MessageStepSource['within']>, at: Path): Window {
    return {
      anchor: this.#path(window.anchor, [...at, 'anchor']),
      from: window.from === undefined ? undefined : this.#offset(window.from, [...at, 'from']),
      to: window.to === undefined ? undefined : this.#offset(window.to, [...at, 'to']),
    };
  }

  #revokeStep(step: RevokeStepSource, at: Path): RevokeStep {
    return {
      do: 'revoke',
      name: step.name,
      when: this.#optional(step.when, [...at, 'when']),
      rule: step.rule ?? this.#input.rule.id,
      steps: step.steps,
      reason: step.reason,
    };
  }

  #related(source: RelatedSourceSource, at: Path): RelatedSource {
    if ((source.follow === undefined) === (source.search === undefined)) {
      this.#fault(at, 'say either "follow" or "search"');
    }
    if (source.follow !== undefined) {
      return { follow: this.#path(source.follow, [...at, 'follow']) };
    }
    const [type = '', param = ''] = (source.search ?? '').split(':');
    return { type, param, of: this.#optional(source.of, [...at, 'of']) };
  }

  #priority(source: PrioritySource | undefined, at: Path): Priority {
    if (source === undefined) return [['routine', undefined]];
    if (typeof source === 'string') return [[source, undefined]];
    const ranked = Object.entries(source).map(
      ([code, text]) => [code as PriorityCode, this.#path(text, [...at, code])] as const,
    );
    return [...ranked, ['routine', undefined]];
  }

  #resolver(source: ResolverSource, at: Path): Resolver {
    const names =
      typeof source === 'string' ? [source] : 'first' in source ? source.first : source.each;
    for (const name of names) this.#checkRecipient(name, at);
    return { pick: typeof source === 'object' && 'each' in source ? 'each' : 'first', names };
  }

  #checkRecipient(name: string, at: Path): void {
    if (name === 'patient' || name === 'requester' || name === 'careteam') return;
    const [kind, rest = ''] = split(name);
    if (kind === 'path') {
      this.#path(rest, at);
    } else if (kind !== 'dept') {
      const known = 'patient, requester, careteam, dept:<code>, path:<FHIRPath>';
      this.#fault(at, `"${name}" is no recipient; known are ${known}`);
    } else if (!(rest in this.#input.settings.departments)) {
      this.#fault(at, `department "${rest}" is not in settings.yaml`);
    }
  }

  #zone(zone: string, at: Path): string {
    if (zone !== 'location' && zone !== 'facility' && !isZone(zone)) {
      this.#fault(at, `"${zone}" is neither location, facility nor an IANA time zone`);
    }
    return zone;
  }

  #example(index: number): Example {
    const { rule } = this.#input;
    const example = rule.examples[index] as RuleSource['examples'][number];
    return {
      name: example.name,
      now: example.now,
      zone: example.zone,
      resources: (example.resources ?? []) as readonly ExampleResource[],
      previous: example.previous as ExampleResource | undefined,
      event: example.event as ExampleResource,
      expect: example.expect,
    };
  }

  #optional(text: string | undefined, at: Path): FhirPath | undefined {
    return text === undefined ? undefined : this.#path(text, at);
  }

  /** Evaluated again when the message is due, with nothing but the resource at hand. */
  #focusPath(text: string, at: Path): FhirPath {
    if (variablesOf(text).length > 0)
      this.#fault(at, 'no variables here: only the resource is known');
    return this.#path(text, at);
  }

  #path(text: string, at: Path): FhirPath {
    for (const name of variablesOf(text)) {
      if (!this.#variables.has(name)) this.#fault(at, `there is no variable %${name}`);
    }
    return this.#read(at, compileFhirPath, text);
  }

  #text(text: string, at: Path): Text {
    return this.#read(at, compileText, text);
  }

  #templateText(name: string, text: string): Text {
    const { source } = this.#input;
    try {
      return compileText(text);
    } catch (error) {
      this.#input.faults.push(source.faultAt(['templates', name], firstLine(error)));
      return compileText('');
    }
  }

  #offset(text: string, at: Path): ReturnType<typeof parseOffset> {
    return this.#read(at, parseOffset, text);
  }

  /** A value that cannot be read leaves a fault; the rule is thrown away with all others then. */
  #read<In, Out>(at: Path, read: (input: In) => Out, input: In): Out {
    try {
      return read(input);
    } catch (error) {
      this.#fault(at, firstLine(error));
      return undefined as Out;
    }
  }

  #fault(at: Path, message: string): void {
    this.#input.faults.push(this.#input.source.faultAt([...this.#input.at, ...at], message));
  }
}

function split(name: string): [kind: string, rest: string] {
  const colon = name.indexOf(':');
  return colon < 0 ? [name, ''] : [name.slice(0, colon), name.slice(colon + 1)];
}
function firstLine(error: unknown): string {
  return String((error as Error).message).split('\n')[0] ?? '';
}
