/**
 * Carries an import out: takes its lines in, validates each, and commits a batch together with the line to go on from,
 * so that a restart repeats nothing and loses nothing. A line that is wrong is told of, and the others go on.
 */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { errorIssue, fail, OutcomeError } from '../../fhir/issue.ts';
import type { Issue } from '../../fhir/issue.ts';
import { toOperationOutcome } from '../../fhir/outcome.ts';
import type { IdentifiedResource } from '../../fhir/resource.ts';
import { extractIndex } from '../../fhir/search-extract.ts';
import { limits } from '../../limits.ts';
import { OutboundRefused } from '../../ops/outbound.ts';
import { accessText } from '../../security/audit-event.ts';
import { touchedBy } from '../../security/write-audit.ts';
import type { Change } from '../../store/store.ts';
import { checkId } from '../authorize.ts';
import type { HeldWork } from '../background/held-work.ts';
import { joinText } from '../background/text-parts.ts';
import { partKey } from '../background/work.ts';
import { jsonOf, requireValid, resourceOf } from '../body.ts';
import { conditionalReferences, withResolvedReferences } from '../conditional-reference.ts';
import { noteChanges, requireProfiles } from '../profiles.ts';
import type { RestContext } from '../call.ts';
import { ownerChanges, requireSubscription } from '../subscription/owner.ts';
import { withId } from '../interaction/create.ts';
import type { ImportInput, ImportPosition, ImportTask } from './import-task.ts';
import { linesOf, textOf } from './lines.ts';

export async function runImport(context: RestContext, held: HeldWork): Promise<void> {
  const task = held.work.task as ImportTask;
  const batch = new Batch(context, held);
  const inputs = task.source === 'body' ? [undefined] : task.inputs;
  for (let i = batch.position.input; i < inputs.length; i++) {
    try {
      await takeIn(batch, inputs[i], linesOf(await piecesOf(context, held, inputs[i])));
    } catch (error) {
      if (!isFinal(error, held)) throw error;
      batch.fault(error, 'The rest of the input was not taken');
    }
    if (held.stopping.aborted) return;
    await batch.nextInput();
  }
  await held.save({ status: 'done', holder: '', progress: 'Done' });
}

/** Whether trying again will not help, or has been tried often enough. */
function isFinal(error: unknown, { work }: HeldWork): boolean {
  if (error instanceof OutcomeError || error instanceof OutboundRefused) return true;
  return error instanceof FetchFailed && work.faults + 1 >= limits.backgroundAttemptsMax;
}

/** The other side could not be reached, or broke off. */
class FetchFailed extends Error {}

async function takeIn(
  batch: Batch,
  input: ImportInput | undefined,
  lines: AsyncIterable<string>,
): Promise<void> {
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (number <= batch.position.line) continue;
    if (batch.stopping) return;
    await batch.take(line, { number, input });
    // Validation takes time: others get their turn after each line.
    await setImmediate();
  }
  await batch.save();
}

async function piecesOf(
  context: RestContext,
  { work, stopping }: HeldWork,
  input: ImportInput | undefined,
): Promise<AsyncIterable<string>> {
  const task = work.task as ImportTask;
  if (input === undefined || task.source === 'body') {
    const count = task.source === 'body' ? task.parts : 0;
    return joinText(context.store, work.id, { name: 'body', count });
  }
  return textOf(fetched(context, input.url, stopping));
}

async function* fetched(
  { outbound }: RestContext,
  url: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const headers = { accept: 'application/fhir+ndjson' };
  const timeoutMs = limits.importTimeoutMs;
  try {
    const answer = await outbound.send({ method: 'GET', url, headers, timeoutMs, signal });
    if (answer.status !== 200) {
      answer.drop();
      const asked = `The server of the input answered with status ${answer.status}`;
      if (answer.status < 500) fail('not-found', asked);
      throw new FetchFailed(asked);
    }
    yield* answer.body;
  } catch (error) {
    const isTold = error instanceof OutcomeError || error instanceof FetchFailed;
    if (isTold || error instanceof OutboundRefused) throw error;
    throw new FetchFailed('The input could not be fetched', { cause: error });
  }
}

interface LinePlace {
  readonly number: number;
  readonly input: ImportInput | undefined;
}

/** What is read and not yet committed. */
class Batch {
  position: ImportPosition;
  readonly #context: RestContext;
  readonly #held: HeldWork;
  #changes: Change[] = [];
  #keys = new Set<string>();
  #chars = 0;
  #faults: string[] = [];
  readonly #references = new Map<string, string>();
  #line: number;

  constructor(context: RestContext, held: HeldWork) {
    this.#context = context;
    this.#held = held;
    const none = { input: 0, line: 0, written: {}, faults: 0, faultParts: 0 };
    this.position = (held.work.position as ImportPosition | undefined) ?? none;
    this.#line = this.position.line;
  }

  get stopping(): boolean {
    return this.#held.stopping.aborted;
  }

  async take(line: string, place: LinePlace): Promise<void> {
    if (line.trim() !== '') {
      try {
        const resource = await this.#resource(line, place);
        const key = `${resource.resourceType}/${resource.id}`;
        // One commit writes a resource once.
        if (this.#keys.has(key)) await this.save();
        this.#keys.add(key);
        const index = extractIndex(resource);
        this.#changes.push({ op: 'put', resource, index, skipIfSame: true });
        this.#chars += line.length;
      } catch (error) {
        if (!(error instanceof OutcomeError)) throw error;
        this.fault(error, `Line ${place.number}`);
      }
    }
    this.#line = place.number;
    const read = this.#line - this.position.line;
    if (read >= limits.importBatchMax || this.#chars >= limits.importBatchChars) await this.save();
  }

  async #resource(line: string, { number, input }: LinePlace): Promise<IdentifiedResource> {
    const resource = resourceOf(jsonOf(line));
    if (input?.type !== undefined && resource.resourceType !== input.type) {
      fail('id-mismatch', `The line is a ${resource.resourceType}, the input is of ${input.type}`);
    }
    const principal = this.#held.work.owner;
    requireValid(resource);
    await requireProfiles(this.#context, { principal }, resource);
    requireSubscription(this.#context, principal, resource);
    const id = resource.id ?? derivedId(this.#held.work.id, this.position.input, number);
    checkId(id);
    return this.#resolved(withId(resource, id));
  }

  /** With its conditional references resolved: against what stands, and what the lines before it brought. */
  async #resolved(resource: IdentifiedResource): Promise<IdentifiedResource> {
    const conditional = conditionalReferences(resource);
    if (conditional.some(({ reference }) => !this.#references.has(reference))) await this.save();
    if (this.#references.size >= limits.importReferencesMax) this.#references.clear();
    const { owner: principal } = this.#held.work;
    return withResolvedReferences(this.#context, { principal }, resource, this.#references);
  }

  /** Keeps what is wrong with a line; past limits.importErrorsMax it is counted only. */
  fault(error: unknown, where: string): void {
    const issues: readonly Issue[] =
      error instanceof OutcomeError
        ? error.issues
        : [errorIssue('transient', error instanceof Error ? error.message : 'It cannot be read')];
    const told = issues.map((issue) => ({
      ...issue,
      diagnostics: `${where}: ${issue.diagnostics}`,
    }));
    const count = this.position.faults + 1;
    this.position = { ...this.position, faults: count };
    if (count <= limits.importErrorsMax) {
      this.#faults.push(`${JSON.stringify(toOperationOutcome(told))}\n`);
    }
  }

  async nextInput(): Promise<void> {
    await this.save();
    this.#line = 0;
    this.position = { ...this.position, input: this.position.input + 1, line: 0 };
    await this.#held.save({ position: this.position, faults: 0 });
  }

  async save(): Promise<void> {
    const { id } = this.#held.work;
    const { written, faultParts } = this.position;
    const counted: Record<string, number> = { ...written };
    for (const change of this.#changes) {
      const type = change.op === 'put' ? change.resource.resourceType : change.type;
      counted[type] = (counted[type] ?? 0) + 1;
    }
    const key = partKey(id, `faults-${faultParts}`);
    const told = this.#faults.length === 0 ? [] : [{ key, value: this.#faults.join('') }];
    const { owner } = this.#held.work;
    const state = [...told, ...(await ownerChanges(this.#context, owner, this.#changes))];
    const position = {
      ...this.position,
      line: this.#line,
      written: counted,
      faultParts: faultParts + told.length,
    };
    const total = Object.values(counted).reduce((sum, count) => sum + count, 0);
    const progress = `${total} resources written, ${position.faults} lines with faults`;
    const alongside = { changes: this.#changes, state, audit: this.#audit() };
    await this.#held.save({ position, progress, faults: 0 }, alongside);
    noteChanges(this.#context, this.#changes);
    this.position = position;
    this.#changes = [];
    this.#keys = new Set();
    this.#chars = 0;
    this.#faults = [];
  }

  #audit() {
    if (this.#changes.length === 0) return [];
    const { owner: principal, requestId } = this.#held.work;
    const at = this.#context.clock();
    const touched = touchedBy(this.#changes);
    const event = {
      at,
      interaction: 'import',
      principal,
      requestId,
      ...touched,
      status: 200,
    } as const;
    return [{ event: accessText(event) }];
  }
}

/** The same whenever the same line is taken in again. */
function derivedId(work: string, input: number, line: number): string {
  return createHash('sha256').update(`${work} ${input} ${line}`).digest('hex').slice(0, 32);
}
