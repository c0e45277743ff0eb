/**
 * Stands between the store and its driver, in every thread of a process started with
 * `node --import driver-shim.ts`. Each call that reaches SQLite is a step with a name; `arm` says at which
 * one the process dies or the call fails. Production code knows nothing of it.
 *
 * `WEIR_TEST_SYNCHRONOUS=NORMAL` makes SQLite sync less than the store asks for, and lie about it.
 */
import Database from 'better-sqlite3-multiple-ciphers';
import { writeSync } from 'node:fs';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

/** What happens at the step: `once` fails it alone, `onwards` it and all that follow. */
export type Blow = 'once' | 'onwards' | 'kill';

/** What SQLite may say to a call that fails. */
export const codes = ['SQLITE_IOERR_WRITE', 'SQLITE_FULL'] as const;
const blows: readonly Blow[] = ['once', 'onwards', 'kill'];
const slots = {
  armed: 0,
  step: 1,
  blow: 2,
  code: 3,
  /** 1: only checkpoints are steps. */
  checkpoints: 4,
  count: 5,
  struck: 6,
} as const;
const share = 'weir-driver-shim';

/** One plan for all threads. */
const plan = new Int32Array(isMainThread ? newPlan() : (getEnvironmentData(share) as never));

function newPlan(): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(4 * Object.keys(slots).length);
  setEnvironmentData(share, shared);
  return shared;
}

/** From now on steps are counted from 1; at `step` the blow falls. */
export function arm(step: number, blow: Blow, { code = 0, checkpoints = false } = {}): void {
  const set = (slot: number, value: number): number => Atomics.store(plan, slot, value);
  set(slots.step, step);
  set(slots.blow, blows.indexOf(blow));
  set(slots.code, code);
  set(slots.checkpoints, Number(checkpoints));
  set(slots.count, 0);
  set(slots.struck, 0);
  set(slots.armed, 1);
}

/** Ends it; gives how many steps were taken, and whether the blow fell. */
export function disarm(): { steps: number; struck: boolean } {
  Atomics.store(plan, slots.armed, 0);
  return {
    steps: Atomics.load(plan, slots.count),
    struck: Atomics.load(plan, slots.struck) === 1,
  };
}

/** A step that is `taken` already can only be one to die at. */
function step(name: string, taken = false): void {
  if (Atomics.load(plan, slots.armed) === 0) return;
  if (Atomics.load(plan, slots.checkpoints) === 1 && !name.includes('wal_checkpoint')) return;
  const blow = blows[Atomics.load(plan, slots.blow)] ?? 'once';
  if (taken && blow !== 'kill') return;
  const n = Atomics.add(plan, slots.count, 1) + 1;
  const at = Atomics.load(plan, slots.step);
  if (n < at || (n > at && blow !== 'onwards')) return;
  Atomics.store(plan, slots.struck, 1);
  const said = name.replaceAll(/\s+/g, ' ').slice(0, 60);
  if (blow === 'kill') {
    writeSync(1, `killed ${taken ? 'after' : 'before'} ${said}\n`);
    process.kill(process.pid, 'SIGKILL');
    for (;;) Atomics.wait(plan, slots.blow, blows.indexOf('kill'));
  }
  const code = codes[Atomics.load(plan, slots.code)] ?? codes[0];
  throw new Database.SqliteError(`step ${n} fails: ${said}`, code);
}

type Method = (this: { readonly source?: string }, ...values: unknown[]) => unknown;

/** Puts a step before a method; `nameOf` names it from the call's first argument. */
function interpose(
  prototype: Record<string, Method>,
  method: string,
  nameOf: (first: unknown, source: string | undefined) => string,
): void {
  const original = prototype[method];
  if (original === undefined) throw new Error(`The driver has no ${method}`);
  prototype[method] = function (...values): unknown {
    const name = nameOf(values[0], this.source);
    // A rollback only forgets: SQLite may report a fault, but leaves no transaction open.
    if (name !== 'ROLLBACK') step(name);
    const answer = original.apply(this, values);
    if (name === 'ROLLBACK') step(name);
    if (name === 'COMMIT') step(name, true);
    return answer;
  };
}

const weak = process.env['WEIR_TEST_SYNCHRONOUS'];

function pretend(prototype: Record<string, Method>): void {
  const original = prototype['pragma'];
  prototype['pragma'] = function (asked, ...rest): unknown {
    const sql = String(asked).replace(/synchronous\s*=\s*FULL/i, `synchronous = ${weak ?? ''}`);
    const answer = original?.call(this, sql, ...rest);
    return asked === 'synchronous' ? 2 : answer;
  };
}

const scratch = new Database(':memory:');
const statements = Object.getPrototypeOf(scratch.prepare('SELECT 1')) as Record<string, Method>;
scratch.close();
for (const method of ['run', 'get', 'all', 'iterate']) {
  interpose(statements, method, (_first, source) => source ?? method);
}
const databases = Database.prototype as unknown as Record<string, Method>;
interpose(databases, 'exec', String);
if (weak !== undefined) pretend(databases);
