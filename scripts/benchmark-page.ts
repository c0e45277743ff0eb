// Writes docs/reference/benchmarks.md from what `weir bench store --size 1m --json FILE` found,
// docs/reference/benchmarks-rest.md from `weir bench rest --size 100k --json FILE`, docs/reference/benchmarks-feed.md from
// `weir bench feed --json FILE`, or docs/reference/benchmarks-mapping.md from `weir bench mapping --peers --json FILE`:
// `node scripts/benchmark-page.ts FILE`.
import { readFileSync, writeFileSync } from 'node:fs';
import { tablesOf as feedTables, type FeedFigures } from '../bench/feed/figures.ts';
import { tablesOf as mappingTables, type MappingFigures } from '../bench/mapping/figures.ts';
import { tablesOf as restTables, type RestFigures } from '../bench/rest/figures.ts';
import type { StoreFigures } from '../bench/store/figures.ts';
import { tableAsMarkdown, type Table } from '../bench/store/table.ts';
import { tablesOf as storeTables } from '../bench/store/tables.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error(
    'Name the file that `weir bench store --json FILE` or `weir bench rest` has written',
  );
  process.exit(2);
}
const figures = JSON.parse(readFileSync(file, 'utf8')) as
  StoreFigures | RestFigures | FeedFigures | MappingFigures;
if ('translations' in figures) {
  write('docs/reference/benchmarks-mapping.md', mappingIntro(), mappingTables(figures));
} else if ('acks' in figures) {
  write('docs/reference/benchmarks-feed.md', feedIntro(figures), feedTables(figures));
} else if ('sizes' in figures) {
  write('docs/reference/benchmarks-rest.md', restIntro(), restTables(figures));
} else {
  write('docs/reference/benchmarks.md', storeIntro(), storeTables(figures).toReversed());
}

function storeIntro(): string {
  return `# Benchmarks

The embedded store (SQLite) against the limits of the machine, measured in the same run: \`weir bench store --size 1m --json FILE\`
(about a quarter of an hour; \`--size 10k\`, the default, takes less than a minute). The resources are shaped like Synthea's: 2.0 KB
on average, 39 % Observations, some 15 search values each, random ids, few patients with most of the data. MongoDB is not in
here: what the tests run against is a double, and its rates say nothing. The FHIR interface has [a page of its own](benchmarks-rest.md).`;
}

function feedIntro({ sustained, journal, drain }: FeedFigures): string {
  const numbers = [journal.rows, drain.messages].map((count) => count.toLocaleString('en-US'));
  return `# Benchmarks of HL7 v2 in

\`weir serve\` on SQLite, sent to over MLLP on loopback by a process of its own, against limits measured in the same run: \`weir bench feed
--size full --json FILE\` (about an hour; \`--size small\`, the default, takes some minutes). The messages are ADT^A08 and ORU^R01 with eight OBX
of some 2 KB, of 2,000 people. This run was sustained for ${String(sustained.seconds)} s, with a journal of ${numbers[0] ?? ''} rows and a queue
of ${numbers[1] ?? ''} messages. [The store by itself](benchmarks.md), [the FHIR interface](benchmarks-rest.md).

Where the time of the main thread goes (\`node --cpu-prof\`, updates and results by turns, 64 connections): 30 % in mapping, 14 % in collecting garbage, 12 % in what search finds a resource
by, 11 % in the plan of the commit (Provenance, references, what is said to whom), 6 % in validation, 5 % in merging with what is stored, 5 % in reads of SQLite; the rest is spread over rules, audit,
answers and parsing. Some eight resources of a message are compared with what is stored, validated, indexed, and written with a Provenance; the thread
that writes takes half as much again.

Why the budgets that are not met are not: the limit keeps frames on one thread and does nothing else. A feed that answers once the message is safe (\`journaled\`) reads the frame,
finds what the message is searched by and lined up by, and makes its answer and its row: some 110 us of the main thread and 60 us of collecting garbage, then the way to
the thread that writes and back. Meanwhile those of before are mapped and committed in steps of about a millisecond, with a rest of ten times as long after each, so that nothing waits for the burst to end. An answer at one
connection takes longest where it meets a step and a collection of garbage, of some ms each. At 64 connections the main thread decides. A feed that answers when the record is written (\`committed\`) maps, merges and commits first, on the same thread.

The memory under that load (64 connections): 155 MiB of the main thread's heap, of which 77 live and the rest is
room until V8 collects the old; 65 of Node's program; 35 of the writer's heap; 45 of what is taken by malloc (16 for the page cache of the writer) and 20 that it holds free. It is flat. What is
over the budget is that room: with less of it V8 collects more often, 3 % of processor time for some 30 MiB.`;
}

function mappingIntro(): string {
  return `# Benchmarks of the mapping

HL7 v2 to FHIR with the base pack, on one core, against parsing alone and against another converter in the same run: \`weir bench mapping
--peers --json FILE\` (some minutes; without \`--peers\`, which needs Java and Maven, seconds). [HL7 v2 in](benchmarks-feed.md),
[the store by itself](benchmarks.md).

Where the time of an ADT^A01 goes (\`node --cpu-prof\`, warmed up): 40 % in the compiled rules, 20 % in building, uniting and connecting resources, 14 % in the lazy parser and
in grouping, 12 % in the data types, 6 % in collecting garbage, 3 % in the hashes of identities; no function has more than 4 %. By resource: Patient 27 %, Encounter
16 %, five Practitioners 10 %, the MessageHeader of the Provenance 10 %, Coverage 7 %.

Why the budgets that are not met are not: such a message makes eleven resources by 150 rules that give a value, of 440 that are asked, each through closures that all rules share,
so that V8 sees many shapes of object at each place and keeps its calls general. What of that could be taken out has been (an idle rule is
passed over by a test of bits, absent fields make no object, what is united is not copied). The next step would be code that is generated for each map;
the language is compiled to closures for now. Of the compile, two fifths is the YAML reader.`;
}

function restIntro(): string {
  return `# Benchmarks of the FHIR interface

\`weir serve\` on SQLite, called over loopback with a token by a client on the same machine, against limits measured in the same run:
\`weir bench rest --size 100k --json FILE\` (about a quarter of an hour; \`--size 1k\`, the default, takes two minutes). Every read is
audited, every write validated and on the disk before it is answered. [The store by itself](benchmarks.md).

Where the time of the main thread goes at 16 connections and 100 k patients (\`node --cpu-prof\`, without the start):

| call | SQLite | socket write | HTTP and streams of Node | Fastify | garbage | the rest, each part below 15 % |
| --- | --- | --- | --- | --- | --- | --- |
| read | 21 % | 20 % | 10 % | 6 % | 4 % | our part of a call 10 %, token and audit event 3 % |
| identifier search | 18 % | 11 % | 12 % | 6 % | 4 % | our part 14 %, reading and planning the search 14 % |
| family search, 50 hits | 30 % | 11 % | 7 % | 5 % | 6 % | our part 14 %, planning 9 % |
| sorted page | 12 % | 8 % | 9 % | 6 % | 14 % | our part 15 %, planning 8 % |

Why the budgets that are not met are not: with 16 connections it is the processor time of one thread that decides, some 24 us a call for Fastify with
nothing but HTTP and the write, some 110 us for a read, which adds a row of SQLite, the token, conditions, headers and the audit event; no single part
of it is above a fifth. (With one connection half of the time is the way to and fro, and the budget is met.) A page of fifty hits is fifty rows that SQLite
has to find and hand over, a third of its time, and 60 KB to send.`;
}

function write(page: string, intro: string, tables: readonly Table[]): void {
  const { loadBefore, cores } = figures.machine;
  const busy = `

The machine was at other work too (load ${loadBefore.toFixed(0)} on ${cores} cores): rates and times are worse and wider than they are on a quiet one.`;
  const notice = loadBefore > cores ? busy : '';
  const origin = 'Written by `node scripts/benchmark-page.ts FILE` from the figures of one run.';
  writeFileSync(
    page,
    `${intro}${notice}\n\n${tables.map(tableAsMarkdown).join('\n')}\n${origin}\n`,
  );
}
