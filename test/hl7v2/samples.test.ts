import { existsSync, globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../src/hl7v2/charset.ts';
import { encodeMessage } from '../../src/hl7v2/encode.ts';
import { groupSegments } from '../../src/hl7v2/grammar.ts';
import type { ParseIssue } from '../../src/hl7v2/parse-issue.ts';
import { parseMessage } from '../../src/hl7v2/parse.ts';

const folder = new URL('../../../shared/data/hl7-samples-microsoft', import.meta.url).pathname;
const files = existsSync(folder) ? globSync('**/*.hl7', { cwd: folder }) : [];

// Public sample messages that are not part of this repository; without them there is nothing to read.
describe.skipIf(files.length === 0)('sample messages', () => {
  it.each(files)('%s is read whole', (file) => {
    const { text } = decodeFrame(readFileSync(`${folder}/${file}`));
    const { message, issues } = parseMessage(text);
    if (!message) throw new Error(issues.map((issue) => issue.text).join());
    expect(issues).toEqual([]);

    const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '');
    expect(message.segments.map((segment) => segment.raw)).toEqual(lines);
    expect(encodeMessage(message)).toBe(lines.map((line) => `${line}\r`).join(''));

    const grouping: ParseIssue[] = [];
    const root = groupSegments(message, (issue) => grouping.push(issue));
    expect(root.segments.length + root.groups.length).toBeGreaterThan(1);
    expect(grouping.map((issue) => issue.location)).not.toContain('MSH-9');
  });

  it('are all there', () => {
    expect(files.length).toBeGreaterThanOrEqual(139);
  });
});
