import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DateTime } from 'luxon';

/** One frame that a client sends, in the order of the story. */
export interface DemoFrame {
  /** Which of the three systems sends it: MSH-3. */
  readonly sender: string;
  readonly bytes: Uint8Array;
  /** MSH-10; empty for the frame that is no message. */
  readonly controlId: string;
}

/**
 * Reads `messages/*` of a demo site in the order of the file names. A `.hl7` file holds messages apart by
 * blank lines; a `.frame` file is one frame as it is, sent by the sender of the message before it.
 *
 * `{{d-2 09:30}}` becomes a time two days before `today`, `{{D+400}}` a date, `{{stamp}}` today's date. So
 * the story is always about this week; played twice on one day, it is the same to the byte.
 */
export function readScenario(siteFolder: string, today: DateTime): readonly DemoFrame[] {
  const folder = join(siteFolder, 'messages');
  const frames: DemoFrame[] = [];
  for (const file of readdirSync(folder).sort()) {
    const text = fillIn(readFileSync(join(folder, file), 'utf8'), today);
    if (file.endsWith('.hl7')) {
      frames.push(
        ...text
          .trim()
          .split(/\n\s*\n/)
          .map(messageFrame),
      );
    } else if (file.endsWith('.frame')) {
      const sender = frames.at(-1)?.sender ?? '';
      frames.push({ sender, bytes: Buffer.from(text.trimEnd()), controlId: '' });
    }
  }
  return frames;
}

function messageFrame(text: string): DemoFrame {
  const fields = text.split('\n', 1)[0]?.split('|') ?? [];
  return {
    sender: fields[2] ?? '',
    controlId: fields[9] ?? '',
    bytes: Buffer.from(text.trim().split('\n').join('\r') + '\r'),
  };
}

function fillIn(text: string, today: DateTime): string {
  return text.replaceAll(
    /\{\{(stamp|[dD][+-]\d+)(?: (\d\d):(\d\d))?\}\}/g,
    (_all, what: string, hour: string | undefined, minute: string | undefined) => {
      if (what === 'stamp') return today.toFormat('yyyyMMdd');
      const day = today.startOf('day').plus({ days: Number(what.slice(1)) });
      if (hour === undefined) return day.toFormat('yyyyMMdd');
      return `${day.toFormat('yyyyMMdd')}${hour}${minute}00`;
    },
  );
}
