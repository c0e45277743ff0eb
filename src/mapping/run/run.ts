import { hash } from 'node:crypto';
import { DateTime } from 'luxon';
import type { Issue } from '../../fhir/issue.ts';
import type { IssueCode } from '../../fhir/issue-table.ts';
import type { Element, Message, Position } from '../../hl7v2/message.ts';
import type { AssigningAuthority, MappingContext } from '../context.ts';
import type { Conversion, MessageFacts, SystemCode } from '../datatypes/convert.ts';
import { readHd } from '../datatypes/identifier.ts';
import { explicitOffset, instantOf } from '../datatypes/time.ts';
import type { LossEntry, TraceEntry, UnmappedCode } from '../result.ts';
import type { CompiledMap, Frame, Instance, IssuePlace, Link, MessageRun } from './compiled.ts';
import { frameOf } from './frame.ts';
import { FieldReads } from './reads.ts';
import { Scope } from './scope.ts';

/** What one run of a map over one message gathers. */
export class Run implements MessageRun {
  readonly message: Message;
  readonly map: CompiledMap;
  readonly context: MappingContext;
  readonly scope: Scope;
  readonly issues: Issue[] = [];
  readonly trace: TraceEntry[] = [];
  readonly links: Link[] = [];
  readonly facts: MessageFacts;
  /** By resource name; filled before anything is built. */
  readonly instances = new Map<string, Instance[]>();
  readonly build: MessageRun['build'];
  #hash: string | undefined;
  readonly #reads: FieldReads;
  readonly #instants = new Map<Element, string | undefined>();
  readonly #labels: string[] = [];
  readonly #unmapped = new Map<string, { code: UnmappedCode; count: number }>();
  readonly #remarks = new Set<string>();

  /**
   * `build` is the same function for all runs: a closure of each run would be kept alive by compiled code
   * until the next full collection, and with it everything that the run made.
   */
  constructor(
    map: CompiledMap,
    message: Message,
    { context, build }: { context: MappingContext; build: MessageRun['build'] },
  ) {
    this.build = build;
    this.map = map;
    this.message = message;
    this.context = context;
    // A misplaced segment may be one that no rule finds: whoever reads the loss report should know why.
    this.scope = new Scope(message, ({ code, severity, text, location }) => {
      this.issue(severity, code, { diagnostics: text, location });
    });
    this.#reads = new FieldReads(message);
    const sender = message.segment('MSH')?.field(4);
    const senderHd = sender ? readHd(sender) : noAuthority;
    const offset = explicitOffset(message.segment('MSH')?.field(7).text ?? '');
    const { zone } = context;
    this.facts = {
      authority: (hd) => context.authority(isNamed(hd) ? hd : senderHd),
      localAuthority: senderHd.namespace || senderHd.universalId || context.feed,
      packCodeSystem: map.packCodeSystem,
      offset,
      zoneOffset: zone === undefined ? undefined : (local) => zoneOffset(local, zone),
    };
  }

  /** What a converter may ask, for a value that no verb of a slot says more about. */
  conversionOf(element: Element | undefined): Conversion {
    return {
      message: this.facts,
      translate: undefined,
      system: undefined,
      unit: undefined,
      allows: () => true,
      remark: (severity, sentence) => {
        if (element) this.remark(severity, sentence, element);
      },
    };
  }

  messageHash(): string {
    const texts = this.message.segments.map(({ raw }) => raw);
    return (this.#hash ??= hash('sha256', texts.join('\r'), 'hex'));
  }

  /** The frame of the whole message. */
  root(): Frame {
    return frameOf(this, this.scope.root);
  }

  setting(name: string): string | boolean | number | undefined {
    return this.context.settings[name] ?? this.map.settings.get(name);
  }

  /** Marks a repetition of a field, from 0, as read by a rule. */
  markRead(segmentIndex: number, field: number, repetition: number): void {
    this.#reads.mark(segmentIndex, field, repetition);
  }

  /** What is read while `work` makes a resource counts if it does. */
  reading(work: () => boolean): void {
    const begun = this.#reads.begin();
    this.#reads.end(begun, work());
  }

  loss(): LossEntry[] {
    return this.#reads.loss(this.map.ignored);
  }

  /**
   * `PID-5.1`, `OBX[7]-5`, `PID-3[1]`, as hl7v2/path.ts reads them: the segment's index in the message (only
   * where there are several of that name) and that of a further repetition count from 0.
   */
  position(position: Position): string {
    const { field, repetition = 0, component, subcomponent } = position;
    let text = this.#label(position);
    if (field === undefined) return text;
    text += `-${String(field)}`;
    if (repetition > 0) text += `[${String(repetition)}]`;
    if (component !== undefined) text += `.${String(component)}`;
    if (subcomponent !== undefined) text += `.${String(subcomponent)}`;
    return text;
  }

  #label({ segment, segmentIndex }: Position): string {
    const known = this.#labels[segmentIndex];
    if (known !== undefined) return known;
    const same = this.message.segments.filter(({ name }) => name === segment);
    for (const { index } of same) {
      this.#labels[index] = same.length === 1 ? segment : `${segment}[${String(index)}]`;
    }
    return this.#labels[segmentIndex] ?? segment;
  }

  issue(severity: Issue['severity'], code: IssueCode, { diagnostics, location }: IssuePlace): void {
    this.issues.push({
      code,
      severity,
      diagnostics,
      ...(location !== undefined && { location }),
    });
  }

  instantOf(element: Element): string | undefined {
    if (!this.#instants.has(element)) {
      const instant = instantOf(element, this.conversionOf(undefined));
      const text = instant === undefined ? undefined : new Date(instant).toISOString();
      this.#instants.set(element, text);
    }
    return this.#instants.get(element);
  }

  /**
   * A remark on a value: what is wrong with it is said once, however many rules read it; the same sentence about UTC and the
   * like once a message.
   */
  remark(severity: 'warning' | 'information', diagnostics: string, element: Element): void {
    const location = this.position(element.position);
    const said = severity === 'information' ? diagnostics : `${location} ${diagnostics}`;
    if (this.#remarks.has(said)) return;
    this.#remarks.add(said);
    this.issue(severity, 'data-type', { diagnostics, location });
  }

  addUnmapped(table: string, { code, system, display }: SystemCode, element: Element): void {
    const { segment, field } = element.position;
    const position = field === undefined ? segment : `${segment}-${String(field)}`;
    const key = JSON.stringify([table, code, system, position]);
    const known = this.#unmapped.get(key);
    if (known) known.count += 1;
    else {
      const said = {
        ...(system !== undefined && { system }),
        ...(display !== undefined && { display }),
      };
      const found = { table, code, ...said, position, count: 1 };
      this.#unmapped.set(key, { code: found, count: 1 });
    }
  }

  unmapped(): UnmappedCode[] {
    return [...this.#unmapped.values()].map(({ code, count }) => ({ ...code, count }));
  }
}

const noAuthority: AssigningAuthority = { namespace: '', universalId: '', universalIdType: '' };

/** Whether an HD says anything. */
export function isNamed(hd: AssigningAuthority): boolean {
  return hd.namespace !== '' || hd.universalId !== '';
}

/** Offsets by zone and minute: messages of one feed name the same few hours. */
const offsets = new Map<string, string>();
const offsetsMax = 10_000;

function zoneOffset(local: string, zone: string): string {
  const key = `${zone} ${local.slice(0, 16)}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    const time = DateTime.fromISO(local, { zone });
    offset = time.isValid ? time.toFormat('ZZ') : 'Z';
    if (offsets.size >= offsetsMax) offsets.clear();
    offsets.set(key, offset);
  }
  return offset;
}
