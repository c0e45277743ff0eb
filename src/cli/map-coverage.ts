import type { Config } from '../config.ts';
import { countsOf, type AccountedRow } from '../mapping/coverage/account.ts';
import type { ParsedArguments } from './arguments.ts';
import { accountForGuide, type GuideAccount } from './guide-account.ts';
import { exitCode, UsageError, type CliIo, type ExitCode } from './io.ts';
import { faultLines, openMaps } from './maps.ts';
import { table } from './table.ts';

/**
 * `weir map coverage --guide DIR`: every mapped row of HL7's V2-to-FHIR guide, tried with the maps: covered by which slot,
 * or left on purpose and why. `no` if a row is neither, or a deviation or a fault of the guide is no longer one.
 */
export async function mapCoverageCommand(
  { site, zone }: Config,
  { positional, flags }: ParsedArguments,
  io: CliIo,
): Promise<ExitCode> {
  const { '--guide': guide } = flags;
  if (typeof guide !== 'string' || positional.length > 0) {
    throw new UsageError("map coverage --guide DIR: the folder of HL7's guide (v2-to-fhir-ig)");
  }
  const { pack, faults } = await openMaps({ site, zone });
  io.stderr.write(faultLines(faults));
  if (!pack) return exitCode.no;
  const account = await accountForGuide(guide, pack);
  const lines =
    flags['--json'] === true
      ? account.rows.map(jsonLine)
      : report(account, flags['--list'] === true);
  io.stdout.write(lines.map((line) => `${line}\n`).join(''));
  const isWhole = account.rows.every(({ status }) => status !== 'open');
  const isClean = account.idle.length === 0 && account.unseenFaults.length === 0;
  return isWhole && isClean ? exitCode.done : exitCode.no;
}

function jsonLine(row: AccountedRow): string {
  const { kind, sheet, record, source, target } = row.row;
  const base = { status: row.status, kind, sheet, record, source, target };
  if (row.status === 'covered')
    return JSON.stringify({ ...base, slot: row.cover.slot, rule: row.cover.rule });
  return JSON.stringify(row.status === 'deviation' ? { ...base, reason: row.reason } : base);
}

function report(account: GuideAccount, isList: boolean): string[] {
  const { kinds, sheets, all } = countsOf(account);
  const head = ['rows', 'covered', 'deviations', 'open', 'of'];
  const shown = [...(isList ? sheets : []), ...kinds, all];
  const lines = table(
    head,
    shown.map(({ name, rows, covered, deviations, open }) => [
      ...[rows, covered, deviations, open].map(String),
      name,
    ]),
  );
  const open = account.rows
    .filter(({ status }) => status === 'open')
    .map(({ id }) => `open: ${id}`);
  return [
    ...(isList ? account.rows.filter(({ status }) => status !== 'open').map(listed) : []),
    ...open,
    ...account.idle.map((pattern) => `deviations.yaml: no row left out is called ${pattern}`),
    ...account.unseenFaults.map(
      ({ rows, says }) => `guide-faults.yaml: ${rows.join(', ')} does not say ${says}`,
    ),
    ...lines,
    `${percent(all.covered, all.rows)} % covered, ${percent(all.covered + all.deviations, all.rows)} % accounted for`,
  ];
}

function listed(row: AccountedRow): string {
  if (row.status === 'covered')
    return `covered: ${row.id} <- ${row.cover.slot} ${row.cover.rule}`.trimEnd();
  return `deviation: ${row.id}: ${row.status === 'deviation' ? row.reason : ''}`;
}

/** Rounded down: 99.96 is not all. */
function percent(part: number, whole: number): string {
  return (Math.floor((part / whole) * 1000) / 10).toFixed(1);
}
