import type { Config, ConfigDefaults, SettingName } from '../config.ts';
import { roles } from '../security/principal.ts';
import type { Flag, ParsedArguments } from './arguments.ts';
import type { CliIo, ExitCode } from './io.ts';

/** One word (or two) of the command line. The work is imported when it is asked for, so that help is quick. */
export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly doc: string;
  readonly flags: readonly Flag[];
  /** The settings that matter to it, for its help; every setting is accepted. */
  readonly settings: readonly SettingName[];
  /** Defaults of its own, weaker than whatever is given. */
  readonly defaults?: ConfigDefaults;
  readonly run: (config: Config, args: ParsedArguments, io: CliIo) => Promise<ExitCode>;
}

const serving: readonly SettingName[] = [
  'data',
  'http',
  'mllp',
  'mllpKeyFile',
  'mllpCertFile',
  'mllpCaFile',
  'store',
  'storeKeyFile',
  'storeKey',
  'site',
  'publicUrl',
  'logLevel',
  'zone',
  'sessionHours',
  'stopTimeoutMs',
];

const asJson: Flag = { name: '--json', doc: 'As JSON' };
const unmask: Flag = { name: '--unmask', doc: 'Show whom it is about; needs --reason' };
const why: Flag = { name: '--reason', takes: 'TEXT', doc: 'Why; it is kept with who did it' };

export const commands: readonly Command[] = [
  {
    name: 'serve',
    usage: 'serve',
    doc: 'Takes HL7 v2 and serves FHIR and the pages, until it is told to stop',
    flags: [],
    settings: serving,
    run: async (...given) => (await import('./serve.ts')).serveCommand(...given),
  },
  {
    name: 'demo',
    usage: 'demo [--once]',
    doc: 'Starts a server and plays three feeds into it over real sockets',
    flags: [
      {
        name: '--once',
        doc: 'Check the outcome, stop, and exit 0 if all of it is as it should be',
      },
    ],
    settings: ['data', 'http', 'mllp', 'logLevel'],
    defaults: { data: 'data/demo', logLevel: 'warn' },
    run: async (...given) => (await import('./demo.ts')).demoCommand(...given),
  },
  {
    name: 'token',
    usage: 'token --role ROLE',
    doc: 'Prints a bearer token, good at once on a running server of that data folder',
    flags: [
      { name: '--role', takes: 'ROLE', doc: roles.join(' | ') },
      { name: '--ttl', takes: 'TIME', doc: 'How long it is good: 30s, 15m, 1h (the default), 7d' },
      { name: '--patient', takes: 'ID', doc: 'Confine it to the record of one Patient' },
    ],
    settings: ['data'],
    run: async (...given) => (await import('./token.ts')).tokenCommand(...given),
  },
  {
    name: 'map run',
    usage: 'map run PATH...',
    doc: 'Maps messages without a server or a store; one JSON line per message',
    flags: [
      { name: '--overlay', takes: 'FILE', doc: 'An overlay for the base pack' },
      { name: '--feed', takes: 'NAME', doc: 'A feed of the site, with its overlays and zone' },
    ],
    settings: ['site', 'zone'],
    run: async (...given) => (await import('./map-run.ts')).mapRunCommand(...given),
  },
  {
    name: 'map explain',
    usage: 'map explain PATH...',
    doc: 'Says of every element which field, rule and table row made it, and what was left over',
    flags: [
      { name: '--element', takes: 'PATH', doc: 'Only elements that begin so: Patient.name' },
      { name: '--overlay', takes: 'FILE', doc: 'An overlay for the base pack' },
      { name: '--feed', takes: 'NAME', doc: 'A feed of the site, with its overlays and zone' },
      { name: '--json', doc: 'One JSON line per message' },
    ],
    settings: ['site', 'zone'],
    run: async (...given) => (await import('./map-explain.ts')).mapExplainCommand(...given),
  },
  {
    name: 'map diff',
    usage: 'map diff PATH...',
    doc: 'Maps messages by two versions and groups what differs by the rule that makes it',
    flags: [
      { name: '--overlay', takes: 'FILE', doc: 'Compare with this overlay laid over' },
      { name: '--with', takes: 'DIR', doc: 'Compare with another site' },
      { name: '--feed', takes: 'NAME', doc: 'A feed of the site, with its overlays and zone' },
      { name: '--json', doc: 'As JSON' },
    ],
    settings: ['site', 'zone'],
    run: async (...given) => (await import('./map-diff.ts')).mapDiffCommand(...given),
  },
  {
    name: 'map doc',
    usage: 'map doc',
    doc: 'Writes the maps as a page of tables, for a meeting with who sends',
    flags: [
      { name: '--feed', takes: 'NAME', doc: 'With the overlays of that feed' },
      { name: '--map', takes: 'NAME', doc: 'One map alone' },
      { name: '--csv', doc: 'The slots alone, as comma-separated values' },
    ],
    settings: ['site'],
    run: async (...given) => (await import('./map-doc.ts')).mapDocCommand(...given),
  },
  {
    name: 'map check',
    usage: 'map check [PATH...]',
    doc: 'Finds faults in maps: file, line, column and what to do',
    flags: [],
    settings: ['site'],
    run: async (...given) => (await import('./map-check.ts')).mapCheckCommand(...given),
  },
  {
    name: 'map coverage',
    usage: 'map coverage --guide DIR',
    doc: "Holds the maps against HL7's V2-to-FHIR guide: every row covered by which slot, or left out and why",
    flags: [
      { name: '--guide', takes: 'DIR', doc: "The folder of the guide's sheets (v2-to-fhir-ig)" },
      { name: '--list', doc: 'Every row, and the counts of every sheet' },
      { name: '--json', doc: 'A JSON line for each row' },
    ],
    settings: ['site', 'zone'],
    run: async (...given) => (await import('./map-coverage.ts')).mapCoverageCommand(...given),
  },
  {
    name: 'map test',
    usage: 'map test [DIR...]',
    doc: 'Runs the cases beside the maps and says which rules they reach',
    flags: [],
    settings: ['site'],
    run: async (...given) => (await import('./map-test.ts')).mapTestCommand(...given),
  },
  {
    name: 'feed new',
    usage: 'feed new NAME PATH...',
    doc: 'Begins a feed from messages of its sender: a feed file and an overlay in the site',
    flags: [{ name: '--title', takes: 'TEXT', doc: 'What people call it' }],
    settings: ['site', 'zone'],
    run: async (...given) => (await import('./feed-new.ts')).feedNewCommand(...given),
  },
  {
    name: 'feed dev',
    usage: 'feed dev PATH...',
    doc: 'Runs all samples through the site’s maps, and again at every save with --watch',
    flags: [
      { name: '--feed', takes: 'NAME', doc: 'A feed of the site, with its overlays and zone' },
      { name: '--watch', doc: 'Again at every save, with what has changed, until told to stop' },
    ],
    settings: ['site', 'zone'],
    run: async (...given) => (await import('./feed-dev.ts')).feedDevCommand(...given),
  },
  {
    name: 'feed profile',
    usage: 'feed profile PATH...',
    doc: 'Says what a sender’s messages look like: types, segments, fields in use, codes',
    flags: [{ name: '--json', doc: 'As JSON' }],
    settings: [],
    run: async (...given) => (await import('./feed-profile.ts')).feedProfileCommand(...given),
  },
  {
    name: 'feed gaps',
    usage: 'feed gaps PATH...',
    doc: 'Says what the maps leave over of a folder of messages: fields, codes, refusals',
    flags: [
      { name: '--overlay', takes: 'FILE', doc: 'An overlay for the base pack' },
      { name: '--feed', takes: 'NAME', doc: 'A feed of the site, with its overlays and zone' },
      { name: '--json', doc: 'As JSON' },
    ],
    settings: ['site', 'zone'],
    run: async (...given) => (await import('./feed-gaps.ts')).feedGapsCommand(...given),
  },
  {
    name: 'message send',
    usage: 'message send FILE... HOST:PORT',
    doc: 'Sends messages over MLLP; one JSON line per answer',
    flags: [],
    settings: [],
    run: async (...given) => (await import('./message-send.ts')).messageSendCommand(...given),
  },
  {
    name: 'message check',
    usage: 'message check FILE...',
    doc: "Holds messages against HL7's definitions: a line for each fault, and how many conform; exit 1 on a fault",
    flags: [{ name: '--json', doc: 'A JSON line for each message, and one with the sum' }],
    settings: [],
    run: async (...given) => (await import('./message-check.ts')).messageCheckCommand(...given),
  },
  {
    name: 'message show',
    usage: 'message show ID',
    doc: 'Shows a message of a running server: as it came, how it was read, what it wrote',
    flags: [asJson, unmask, why],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./message-show.ts')).messageShowCommand(...given),
  },
  {
    name: 'message search',
    usage: 'message search NAME=VALUE...',
    doc: 'Finds messages of a running server, newest first: PID-3=123 state=failed from=24h',
    flags: [
      { name: '--count', takes: 'N', doc: 'At most so many, 50 by default' },
      { name: '--cursor', takes: 'TEXT', doc: 'Goes on after a page' },
      asJson,
    ],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./message-search.ts')).messageSearchCommand(...given),
  },
  {
    name: 'message explain',
    usage: 'message explain ID',
    doc: 'Says what no rule read, which codes have no row, and which rule made each element',
    flags: [asJson],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./message-explain.ts')).messageExplainCommand(...given),
  },
  {
    name: 'message retry',
    usage: 'message retry ID | NAME=VALUE...',
    doc: 'Processes messages that were not taken, with the maps of now; exit 1 where one is not taken again',
    flags: [why],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./message-work.ts')).messageRetryCommand(...given),
  },
  {
    name: 'message edit',
    usage: 'message edit ID --file FILE --reason TEXT',
    doc: 'Puts another text in the place of a message and processes it; the original is kept',
    flags: [{ name: '--file', takes: 'FILE', doc: 'The whole message; - is stdin' }, why],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./message-work.ts')).messageEditCommand(...given),
  },
  {
    name: 'message skip',
    usage: 'message skip ID --reason TEXT',
    doc: 'Sets a message that was not taken aside for good',
    flags: [why],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./message-work.ts')).messageSkipCommand(...given),
  },
  {
    name: 'message replay',
    usage: 'message replay [--from TIME] [--to TIME] [--feed NAME] [NAME=VALUE...]',
    doc: 'Processes messages that were taken once more, with the maps of now; --shadow writes nothing',
    flags: [
      { name: '--from', takes: 'TIME', doc: 'Arrived at or after: 2026-05-01, an instant, or 24h' },
      { name: '--to', takes: 'TIME', doc: 'Arrived before' },
      { name: '--feed', takes: 'NAME', doc: 'Of this feed' },
      { name: '--shadow', doc: 'Tell what would change, and write nothing' },
      { name: '--diff', doc: 'With --shadow: message by message, element by element' },
      ...[asJson, unmask, why],
    ],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./message-replay.ts')).messageReplayCommand(...given),
  },
  {
    name: 'message run',
    usage: 'message run [ID]',
    doc: 'Shows how far retries of many and replays are',
    flags: [
      { name: '--cancel', doc: 'End it' },
      { name: '--diff', doc: 'Of a shadow replay: what it would change' },
      ...[asJson, unmask, why],
    ],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./message-replay.ts')).messageRunCommand(...given),
  },
  {
    name: 'bench',
    usage: 'bench [NAME]',
    doc: 'Measures Weir against the limits of this machine; without a name, says what can be measured',
    flags: [
      {
        name: '--size',
        takes: 'SIZE',
        doc: 'store: resources in the end, 10k | 100k | 1m; rest: patients, 1k | 10k | 100k',
      },
      {
        name: '--seconds',
        takes: 'N',
        doc: 'rest: how long each kind of call is made, 3 by default',
      },
      { name: '--json', takes: 'FILE', doc: 'store, rest: the figures as JSON' },
    ],
    settings: [],
    run: async (...given) => (await import('./bench.ts')).benchCommand(...given),
  },
  {
    name: 'feed list',
    usage: 'feed list [--json]',
    doc: 'How the feeds of the running server stand; exit 1 where one is stopped',
    flags: [{ name: '--json', doc: 'All of it as JSON' }],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./feed.ts')).feedListCommand(...given),
  },
  {
    name: 'feed resume',
    usage: 'feed resume NAME',
    doc: 'Lets a feed of the running server go on that a failed message stopped (onFailure: stop-feed)',
    flags: [],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./feed.ts')).feedResumeCommand(...given),
  },
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
  {
    name: 'store check',
    usage: 'store check [--full]',
    doc: 'Looks the store through, also beside a running server; one JSON summary; exit 1 on a fault',
    flags: [{ name: '--full', doc: 'Compare the index of every resource, not of a sample' }],
    settings: ['data', 'store', 'storeKeyFile', 'site', 'zone'],
    run: async (...given) => (await import('./store-check.ts')).storeCheckCommand(...given),
  },
  {
    name: 'store backup',
    usage: 'store backup FILE',
    doc: 'Copies the store as it stands at one moment, also beside a running server',
    flags: [],
    settings: ['data', 'storeKeyFile'],
    run: async (...given) => (await import('./store-backup.ts')).storeBackupCommand(...given),
  },
  {
    name: 'store restore',
    usage: 'store restore FILE [--force]',
    doc: 'Puts a backup in the place of the store of a stopped server',
    flags: [{ name: '--force', doc: 'Also where there is a store; it is kept beside the new one' }],
    settings: ['data', 'storeKeyFile'],
    run: async (...given) => (await import('./store-restore.ts')).storeRestoreCommand(...given),
  },
  {
    name: 'store copy',
    usage: 'store copy FROM TO',
    doc: 'Moves a stopped site into an empty store (each sqlite:PATH, mongodb://... or store) and proves both equal; goes on where it was ended',
    flags: [],
    settings: ['store', 'data', 'site', 'storeKeyFile', 'storeKey'],
    run: async (...given) => (await import('./store-copy.ts')).storeCopyCommand(...given),
  },
  {
    name: 'store vacuum',
    usage: 'store vacuum',
    doc: 'Gives room that is free within the file of a stopped server back to the disk',
    flags: [],
    settings: ['data', 'storeKeyFile'],
    run: async (...given) => (await import('./store-vacuum.ts')).storeVacuumCommand(...given),
  },
  {
    name: 'doctor',
    usage: 'doctor',
    doc: 'Checks this machine and the data folder: Node, ports, disk, clock, keys, maps',
    flags: [],
    settings: ['data', 'http', 'mllp', 'site'],
    run: async (...given) => (await import('./doctor.ts')).doctorCommand(...given),
  },
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
