import type { Flag } from './arguments.ts';
import type { Command } from './command.ts';

/** Which codes, and as what. */
const codesOf: readonly Flag[] = [
  { name: '--feed', takes: 'NAME', doc: 'Of this feed; for messages, the feed whose they are' },
  { name: '--table', takes: 'NAME', doc: 'Of this table alone' },
  { name: '--overlay', takes: 'FILE', doc: 'For messages: an overlay for the base pack' },
  {
    name: '--count',
    takes: 'N',
    doc: 'Messages a server reads through for codes of no table (500)',
  },
  { name: '--csv', doc: 'As a sheet to fill in for codes import' },
  { name: '--json', doc: 'As JSON' },
];
/** `weir codes ...`: from codes that only their sender knows to such as others know. */
export const codeCommands: readonly Command[] = [
  {
    name: 'codes todo',
    usage: 'codes todo [PATH...]',
    doc: 'Lists codes that no table has and no system explains: of messages, or of a running server',
    flags: codesOf,
    settings: ['site', 'zone', 'data', 'http'],
    run: async (...given) => (await import('./codes-todo.ts')).codesTodoCommand(...given),
  },
  {
    name: 'codes suggest',
    usage: 'codes suggest [PATH...]',
    doc: 'Says what each of those codes could become, with a score and a reason; changes nothing',
    flags: codesOf,
    settings: ['site', 'zone', 'data', 'http'],
    run: async (...given) => (await import('./codes-suggest.ts')).codesSuggestCommand(...given),
  },
  {
    name: 'codes import',
    usage: 'codes import FILE.csv',
    doc: 'Puts a filled-in sheet of codes into the tables of the site; checked, all or nothing',
    flags: [
      { name: '--table', takes: 'NAME', doc: 'The table of rows that name none; made if need be' },
      { name: '--feed', takes: 'NAME', doc: 'The feed of rows that name none' },
      { name: '--replace', doc: 'Put rows in the place of those that differ' },
    ],
    settings: ['site'],
    run: async (...given) => (await import('./codes-import.ts')).codesImportCommand(...given),
  },
];
