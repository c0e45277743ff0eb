import type { MachineFigures } from '../store/machine.ts';
import { rate, type Table } from '../store/table.ts';

/** What one run of `weir bench mapping` found. */
export interface MappingFigures {
  readonly takenAt: string;
  readonly machine: MachineFigures;
  /** Of the whole pack, processor time of the thread that compiles: what a start waits for. */
  readonly compileMs: number;
  /** The same with what V8's own threads do meanwhile: optimizing and collecting. */
  readonly compileProcessMs: number;
  readonly translations: readonly TranslationFigures[];
  /** Why there is no peer to compare with. */
  readonly peerMissing?: string;
}

/** Translations a second of processor time, of one message. */
export interface TranslationFigures {
  readonly message: string;
  readonly goal: number;
  /** Parsed and grouped, and nothing more: no map can beat it. */
  readonly parsed: number;
  readonly ours: number;
  /** LinuxForHealth's converter. */
  readonly peer?: number;
}

const peerGoal = 50;

export function tablesOf(figures: MappingFigures): readonly Table[] {
  const { takenAt, machine, compileMs, compileProcessMs, translations } = figures;
  return [
    {
      title: 'Translations',
      note:
        'A second of processor time of the thread that translates, from text to resources, with the trace on. The limit is parsing and ' +
        'grouping alone. LinuxForHealth ' +
        `is hl7v2-fhir-converter 1.0.19, warmed up, by turns with ours; at least ${String(peerGoal)} times its rate is asked.`,
      head: ['message', 'limit', 'ours', 'goal', 'of the limit', 'LinuxForHealth', 'ours is'],
      rows: translations.map(({ message, goal, parsed, ours, peer }) => [
        message,
        rate(parsed),
        rate(ours),
        rate(goal),
        (ours / parsed).toFixed(3),
        peer === undefined ? (figures.peerMissing ?? 'not asked') : rate(peer),
        peer === undefined ? '' : `${(ours / peer).toFixed(0)} times`,
      ]),
    },
    {
      title: 'The pack',
      note:
        'Read by then, compiled as a whole: processor time of the first compile of a process, of the thread that does it and with ' +
        "V8's own threads, which optimize and collect meanwhile. Budget of the thread: 500 ms.",
      head: ['compile', "with V8's threads"],
      rows: [[`${compileMs.toFixed(0)} ms`, `${compileProcessMs.toFixed(0)} ms`]],
    },
    {
      title: 'The machine',
      note: `Taken at ${takenAt}.`,
      head: ['processor', 'cores', 'load before', 'Node'],
      rows: [[machine.cpu, String(machine.cores), machine.loadBefore.toFixed(1), machine.node]],
    },
  ];
}
