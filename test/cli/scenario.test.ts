import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DateTime } from 'luxon';
import { afterAll, describe, expect, it } from 'vitest';
import { readScenario } from '../../src/cli/demo/scenario.ts';

const site = mkdtempSync(join(tmpdir(), 'weir-scenario-'));
afterAll(() => rmSync(site, { recursive: true }));
mkdirSync(join(site, 'messages'));
const write = (name: string, text: string): void => {
  writeFileSync(join(site, 'messages', name), text);
};
write(
  '01-first.hl7',
  'MSH|^~\\&|EHR|M|W|H|{{d-2 09:30}}||ADT^A04|E{{stamp}}-1|P|2.5\nPID|1||{{D+400}}\n\n \nMSH|^~\\&|LAB|M|W|H|{{d+0 00:05}}||ORU^R01|L1|P|2.5\nZZZ|{{d 09:30}}|{{d-2 9:30}}\n',
);
write('02-broken.frame', 'no message {{stamp}}\n');
write('notes.txt', 'MSH|^~\\&|NOTE');

const read = (iso: string) => readScenario(site, DateTime.fromISO(iso, { zone: 'utc' }));
const texts = (iso: string): string[] =>
  read(iso).map(({ bytes }) => Buffer.from(bytes).toString());

describe('a scenario', () => {
  it('is its messages and frames in the order of the file names, about the week of today', () => {
    expect(
      read('2026-03-01T23:59:00Z').map(({ sender, controlId }) => [sender, controlId]),
    ).toEqual([
      ['EHR', 'E20260301-1'],
      ['LAB', 'L1'],
      ['LAB', ''],
    ]);
    expect(texts('2026-03-01T23:59:00Z')).toEqual([
      'MSH|^~\\&|EHR|M|W|H|20260227093000||ADT^A04|E20260301-1|P|2.5\rPID|1||20270405\r',
      'MSH|^~\\&|LAB|M|W|H|20260301000500||ORU^R01|L1|P|2.5\rZZZ|{{d 09:30}}|{{d-2 9:30}}\r',
      'no message 20260301',
    ]);
  });

  it('is the same to the byte all day long, and another one the day after', () => {
    expect(texts('2026-03-01T00:00:00Z')).toEqual(texts('2026-03-01T23:59:59Z'));
    expect(texts('2026-03-02T00:00:00Z')).not.toEqual(texts('2026-03-01T00:00:00Z'));
  });

  it('of the demo leaves no placeholder open and gives each message its own control id', () => {
    const frames = readScenario('fixtures/demo-site', DateTime.utc(2026, 11, 23));
    expect(frames.length).toBeGreaterThanOrEqual(60);
    const all = frames.map(({ bytes }) => Buffer.from(bytes).toString()).join('');
    expect(all).not.toContain('{{');
    const ids = frames.flatMap(({ controlId }) => (controlId === '' ? [] : [controlId]));
    // One message is sent twice: that is part of the story.
    expect(ids.length - new Set(ids).size).toBe(1);
    expect(new Set(frames.map(({ sender }) => sender))).toEqual(
      new Set(['CAREHR', 'LABCO', 'RXCARE']),
    );
  });
});
