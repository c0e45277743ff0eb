import { limits } from '../limits.ts';
import type { JournalEntry, JournalState } from '../store/store.ts';

/** What a person did with a message: `JournalEntry.notes`, as JSON, oldest first. */
export interface Note {
  /** An instant. */
  readonly at: string;
  /** Who: an account, a token or a rule. */
  readonly by: string;
  /**
   * `retry` and `replay`: processed again. `skip`: set aside for good. `edit`: another took its place, which
   * `message` names. `edited`: it is that other one, made from `message`.
   */
  readonly action: 'retry' | 'replay' | 'skip' | 'edit' | 'edited';
  readonly reason?: string;
  /** How it stood before. */
  readonly was?: JournalState;
  readonly error?: string;
  /** The other message. */
  readonly message?: string;
  /** What a replay was refused for; the message stayed as it was. */
  readonly refused?: string;
}

export function notesOf({ notes }: Pick<JournalEntry, 'notes'>): readonly Note[] {
  return notes === undefined ? [] : (JSON.parse(notes) as readonly Note[]);
}

/** The row's notes with one more. */
export function withNote(entry: Pick<JournalEntry, 'notes'>, note: Note): string {
  return JSON.stringify([...notesOf(entry), note].slice(-limits.messageNotesMax));
}

/** The message that took its place; undefined where none did. */
export function supersededBy(entry: Pick<JournalEntry, 'notes'>): string | undefined {
  return notesOf(entry).findLast(({ action }) => action === 'edit')?.message;
}
