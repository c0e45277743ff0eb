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
  'store',
  'site',
  'publicUrl',
  'logLevel',
  'zone',
  'sessionHours',
  'stopTimeoutMs',
];

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
    name: 'map check',
    usage: 'map check [PATH...]',
    doc: 'Finds faults in maps: file, line, column and what to do',
    flags: [],
    settings: ['site'],
    run: async (...given) => (await import('./map-check.ts')).mapCheckCommand(...given),
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
    name: 'message send',
    usage: 'message send FILE... HOST:PORT',
    doc: 'Sends messages over MLLP; one JSON line per answer',
    flags: [],
    settings: [],
    run: async (...given) => (await import('./message-send.ts')).messageSendCommand(...given),
  },
  {
    name: 'message show',
    usage: 'message show ID',
    doc: 'Shows a message of a running server: as it came, how it was read, what it wrote',
    flags: [{ name: '--json', doc: 'As JSON' }],
    settings: ['data', 'http'],
    run: async (...given) => (await import('./message-show.ts')).messageShowCommand(...given),
  },
  {
    name: 'bench',
    usage: 'bench [NAME]',
    doc: 'Measures Weir against the limits of this machine; without a name, says what can be measured',
    flags: [
      { name: '--size', takes: 'SIZE', doc: 'store: resources in the end, 10k | 100k | 1m' },
      { name: '--json', takes: 'FILE', doc: 'store: the figures as JSON' },
    ],
    settings: [],
    run: async (...given) => (await import('./bench.ts')).benchCommand(...given),
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
