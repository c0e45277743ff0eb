/** How a destination stands: one document of the store's state, written by whoever sends to it, and by people. */
import { CommitRefused, type Commit, type StateChange, type Store } from '../../store/store.ts';

export interface Control {
  /** The process that sends. Another that takes over writes itself here: whoever was before is then refused. */
  readonly holder: string;
  /** Failures to get any answer, in a row. */
  readonly failures: number;
  /** `closed`: it answers. `open`: it is away, and left alone for a while. `half-open`: it is being tried. */
  readonly breaker: 'closed' | 'open' | 'half-open';
  /** An instant: nothing is sent before. */
  readonly retryAt?: string;
  readonly lastError?: string;
  readonly lastErrorAt?: string;
  readonly lastSentAt?: string;
  readonly paused?: { readonly by: string; readonly reason: string; readonly at: string };
  readonly sent: number;
  /** How often a message was held. */
  readonly failed: number;
  readonly skipped: number;
}

export interface KeptControl {
  readonly control: Control;
  readonly revision: number;
}

/** How a destination stands of which nothing is waited for. */
export function unretried({ retryAt: _, ...control }: Control): Control {
  return control;
}

/** How a destination stands that is not paused. */
export function unpaused({ paused: _, ...control }: Control): Control {
  return control;
}

const prefix = 'destination|';

/** Of one that was never sent to. */
export const unused: Control = {
  holder: '',
  failures: 0,
  breaker: 'closed',
  sent: 0,
  failed: 0,
  skipped: 0,
};

export async function readControl(store: Store, destination: string): Promise<KeptControl> {
  const entry = await store.state(prefix + destination);
  if (entry === undefined) return { control: unused, revision: 0 };
  return { control: JSON.parse(entry.value) as Control, revision: entry.revision };
}

/** All that were ever used, by name. */
export async function readControls(store: Store): Promise<ReadonlyMap<string, Control>> {
  const entries = await store.states(prefix);
  return new Map(
    entries.map(({ key, value }) => [key.slice(prefix.length), JSON.parse(value) as Control]),
  );
}

/** Refused where somebody else has written it since. */
export function putControl(
  destination: string,
  { revision }: Pick<KeptControl, 'revision'>,
  control: Control,
): StateChange {
  const value = JSON.stringify(control);
  return { key: prefix + destination, value, expectRevision: revision };
}

/** Commits; undefined where something was not as expected. */
export async function tryCommit(
  store: Store,
  commit: Pick<Commit, 'now'> & Partial<Commit>,
): Promise<{ readonly seq: number } | undefined> {
  try {
    return await store.commit({ origin: 'destination', changes: [], ...commit });
  } catch (error) {
    if (error instanceof CommitRefused) return undefined;
    throw error;
  }
}
