// `node scripts/ledger.ts [--rounds N] [--rounds-of 'TEXT=N' ...] [--only TEXT] [--patients N] [--messages N] [--seed N]
// [--page]`: every fault of the ledger on SQLite and MongoDB (WEIR_TEST_MONGODB_URL, else the test double), N times each,
// those whose name begins with a TEXT as often as that says; prints what was found and exits 1 where anything was lost or
// doubled. `--page` writes docs/reference/ledger.md.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { databaseFails, faults, type Fault } from '../test/crash/ledger-faults.ts';
import { playRound, type Round } from '../test/crash/ledger-round.ts';
import { loopDisks } from '../test/crash/loop-disk.ts';
import { killServers } from '../test/e2e/server-process.ts';
import { withDatabase } from '../test/mongo/mongo.ts';
import { buildMongoServer, startMongoServer } from '../test/mongo/server-process.ts';
import { temporaryFolders } from '../test/store/temporary-folder.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '1' },
    'rounds-of': { type: 'string', multiple: true, default: [] },
    only: { type: 'string', default: '' },
    patients: { type: 'string', default: '40' },
    messages: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    page: { type: 'boolean', default: false },
  },
});
const head = [
  ...['store', 'fault', 'rounds', 'struck', 'messages', 'sent', 'without an answer'],
  ...['lost', 'doubled', 'half, out of order, unexplained, other than the oracle'],
];
const first = Number(values.seed);
const folders = temporaryFolders();
const given = process.env['WEIR_TEST_MONGODB_URL'];
const double = given === undefined ? await startMongoServer(buildMongoServer()) : undefined;
const url = given ?? double?.url ?? '';
const rounds: Round[] = [];
try {
  for (const [fault, store] of planned()) {
    for (let round = 0; round < roundsOf(fault); round += 1) await play(fault, store, round);
  }
} finally {
  killServers();
  folders.remove();
  await double?.stop();
}
for (const row of [head, head.map(() => '---'), ...rows()]) console.log(`| ${row.join(' | ')} |`);
process.exitCode = rounds.some((round) => isBad(round)) ? 1 : 0;

/** A line for each fault and store so far. */
function rows(): string[][] {
  const groups = Map.groupBy(rounds, ({ fault, store }) => `${store} | ${fault}`);
  return [...groups.values()].map((all) => rowOf(all));
}

/** Each fault with the store that it befalls. */
function planned(): (readonly [Fault, 'sqlite' | 'mongodb'])[] {
  const all = [...faults, ...(double === undefined ? [] : [databaseFails('')])];
  return all
    .filter(({ name, disk }) => name.includes(values.only) && !(disk === true && loopDisks.skip))
    .flatMap((fault) => {
      const on = (['sqlite', 'mongodb'] as const).filter(
        (store) => fault.on === 'both' || fault.on === store,
      );
      return on.map((store) => [fault, store] as const);
    });
}

function roundsOf({ name }: Fault): number {
  const own = values['rounds-of'].map((each) => each.split('='));
  const found = own.find(([text = '']) => name.startsWith(text));
  return Number(found?.[1] ?? values.rounds);
}

async function play(fault: Fault, kind: 'sqlite' | 'mongodb', round: number): Promise<void> {
  const size = {
    seed: first + round,
    patients: Number(values.patients),
    messagesPerPatient: Number(values.messages),
  };
  const name = `weir_ledger_${String(process.pid)}_${String(rounds.length)}`;
  const store = kind === 'sqlite' ? 'sqlite' : withDatabase(url, name);
  const own = fault.ofDatabase === true ? databaseFails(store) : fault;
  const played = await playRound(own, { folder: folders.make(), store, size });
  rounds.push(played);
  if (values.page) writeFileSync('docs/reference/ledger.md', page());
  const told = `${played.store}, ${played.fault}, seed ${String(played.seed)}`;
  console.error(`${told}: ${isBad(played) ? JSON.stringify(played.findings, null, 2) : 'well'}`);
}

function isBad({ findings }: Round): boolean {
  const lists = Object.values(findings) as readonly (readonly string[])[];
  return lists.some((found) => found.length > 0);
}

function rowOf(all: readonly Round[]): string[] {
  const [one] = all;
  const sum = (of: (round: Round) => number): string =>
    all.reduce((total, round) => total + of(round), 0).toLocaleString('en-US');
  return [
    one?.store ?? '',
    one?.fault ?? '',
    String(all.length),
    sum(({ times }) => times),
    sum(({ messages }) => messages),
    sum(({ sent }) => sent),
    sum(({ unanswered }) => unanswered),
    sum(({ findings }) => findings.lost.length),
    sum(({ findings }) => findings.doubled.length),
    sum(({ findings: { half, disordered, unexplained, differs } }) =>
      [half, disordered, unexplained, differs].reduce((total, list) => total + list.length, 0),
    ),
  ];
}

function page(): string {
  const { rounds: count, patients, messages, seed } = values;
  const own = values['rounds-of'].map((each) => ` --rounds-of '${each}'`).join('');
  const command = `--rounds ${count}${own} --patients ${patients} --messages ${messages} --seed ${seed}`;
  const lines = [head, head.map(() => '---'), ...rows()].map((row) => `| ${row.join(' | ')} |`);
  return `# The ledger: never lost, never doubled

A sender of its own writes into a file what it sent and what was answered, before and after, while a fault befalls the server: \`node
scripts/ledger.ts ${command} --page\`. Sixteen connections send stays and results of ${patients} patients, each patient's
messages in their order, each message one to five times and now and then one of before again, one in a hundred of them faulty, one in thirty
with a control id that was used before, and every fourth patient under a provisional number first, which is then merged into the right one. What has no answer is sent again, over a connection of its own. In the end the file is
held against the store:

- **lost**: a positive answer whose message is not in the journal as \`processed\`, or a refused one that is not \`failed\`;
- **doubled**: a message with two rows, two different positive answers to the same bytes, a version of a resource that no message or
  more than one says it wrote;
- **half**: something of a message that was not taken, or not all of one that was;
- **out of order**: a version of a patient's resource by an earlier message after one by a later;
- **unexplained**: versions that no Provenance names, a control id used again and not flagged, a broken audit chain;
- **other than the oracle**: journal, resources, claims, jobs or events that are not those of one server in memory that hears every message
  once, one after another.

On MongoDB it ran against the [test double](../../test/mongo-server/README.md). A short round of one of each kind
(processes, connections, disks, the database) is in \`npm test\`, by turns; \`.ci/run\` plays one of every fault. The feed of a server that answers before it maps
is \`journaled\`: a faulty message may hear AA there, and is \`failed\` then.

${lines.join('\n')}
`;
}
