import { readFileSync } from 'node:fs';

export interface BenchMessage {
  readonly name: string;
  /** Translations a second that are asked for. */
  readonly goal: number;
  readonly text: string;
}

/** An admission and a result with eight observations, from the fixtures. */
export function benchMessages(): readonly BenchMessage[] {
  const adt = fixture('ADT_A01/inpatient-admission');
  const oru = withObservations(fixture('ORU_R01/panel-with-critical'), 8);
  return [
    { name: 'ADT^A01', goal: 3_000, text: adt },
    { name: 'ORU^R01, 8 OBX', goal: 1_500, text: oru },
  ];
}

function fixture(name: string): string {
  return readFileSync(`fixtures/${name}/message.hl7`, 'utf8').replace(/\r?\n/g, '\r');
}

/** The result with its observations repeated to the number wanted, each with a code of its own. */
function withObservations(text: string, count: number): string {
  const segments = text.split('\r').filter((line) => line !== '');
  const observation = segments.find((line) => line.startsWith('OBX|'))?.split('|') ?? [];
  const before = segments.slice(
    0,
    segments.findIndex((line) => line.startsWith('OBX|')),
  );
  const observations = Array.from({ length: count }, (_, index) =>
    observation
      .with(1, String(index + 1))
      .with(3, `${String(1000 + index)}-1^Test^LN`)
      .join('|'),
  );
  return [...before, ...observations].join('\r');
}
