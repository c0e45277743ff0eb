import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Public sample messages of other senders; they are not part of this repository. */
const folder = '../shared/data/hl7-samples-microsoft/data/SampleData/Hl7v2';

export interface SentSample {
  readonly file: string;
  /** As a sender would send it: segments end with CR. */
  readonly bytes: Uint8Array;
}

/** Empty where the folder is absent. */
export const sentSamples: readonly SentSample[] = existsSync(folder)
  ? readdirSync(folder)
      .sort()
      .map((file) => ({
        file,
        bytes: Buffer.from(
          readFileSync(join(folder, file), 'latin1').replace(/\r?\n/g, '\r'),
          'latin1',
        ),
      }))
  : [];

export const samplesNote = sentSamples.length > 0 ? '' : ` (skipped: there is no ${folder})`;
