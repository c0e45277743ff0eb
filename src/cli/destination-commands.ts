import type { Command } from './command.ts';

/** `weir destination ...`: how the queues of the running server stand, and work on them. */
export const destinationCommands: readonly Command[] = [
  {
    name: 'destination list',
    usage: 'destination list [NAME] [--json]',
    doc: 'How the destinations of the running server stand, or what waits for one; exit 1 where one needs somebody',
    flags: [{ name: '--json', doc: 'All of it as JSON' }],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./destination.ts')).destinationListCommand(...given),
  },
  ...destinationWork({
    pause: 'Sends nothing to a destination until it is resumed',
    resume: 'Sends again, at once',
    retry: 'Sends a held or waiting message again, in its place',
    skip: 'Takes a message out of the queue for good',
  }),
];

function destinationWork(
  docs: Readonly<Record<'pause' | 'resume' | 'retry' | 'skip', string>>,
): readonly Command[] {
  return (['pause', 'resume', 'retry', 'skip'] as const).map((word) => ({
    name: `destination ${word}`,
    usage: `destination ${word} NAME${word === 'retry' || word === 'skip' ? ' ID' : ''} --reason TEXT`,
    doc: docs[word],
    flags: [{ name: '--reason', takes: 'TEXT', doc: 'Why; it is audited' }],
    settings: ['data', 'http'],
    run: async (...given) =>
      (await import('./destination.ts')).destinationWorkCommand(word)(...given),
  }));
}
