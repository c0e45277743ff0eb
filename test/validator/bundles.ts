import { Readable } from 'node:stream';
import { existsSync } from 'node:fs';
import { transactionBundle } from '../../src/cli/map-bundle.ts';
import { mapBytes, type Mapping } from '../../src/cli/map-message.ts';
import { openMaps } from '../../src/cli/maps.ts';
import { readMessages } from '../../src/cli/message-files.ts';
import { sentSamples } from '../feed/sent-samples.ts';

/** What one message becomes, as `weir map run` prints it. */
export interface MadeBundle {
  /** The file, with the number of the message where it holds several. */
  readonly name: string;
  /** JSON, with decimals to the digit. */
  readonly text: string;
}

/** The Bundles of every message under fixtures/ that is accepted, whatever is added there. */
export async function fixtureBundles(): Promise<readonly MadeBundle[]> {
  const base = await mappingOf('');
  const site = await mappingOf('fixtures/demo-site');
  const made: MadeBundle[] = [];
  for await (const { file, index, bytes } of readMessages(['fixtures'], {
    stdin: Readable.from([]),
  })) {
    const mapping = file.startsWith('fixtures/demo-site') ? site : base;
    made.push(...bundleOf(`${file}#${String(index)}`, bytes, mapping));
  }
  return made;
}

/** The Bundles of the samples of other senders; none where they are absent. */
export async function sampleBundles(): Promise<readonly MadeBundle[]> {
  const base = await mappingOf('');
  return sentSamples.flatMap(({ file, bytes }) => bundleOf(file, bytes, base));
}

async function mappingOf(site: string): Promise<Mapping> {
  if (site !== '' && !existsSync(site)) throw new Error(`There is no ${site}`);
  const { pack, feeds, faults } = await openMaps({ site, zone: 'UTC' });
  if (!pack) throw new Error(JSON.stringify(faults));
  return { pack, feeds, receivedAt: new Date('2026-04-01T00:00:00Z') };
}

function bundleOf(name: string, bytes: Uint8Array, mapping: Mapping): MadeBundle[] {
  const { ack, result } = mapBytes(bytes, mapping);
  if (ack !== 'AA' || !result || result.resources.length === 0) return [];
  return [{ name, text: JSON.stringify(transactionBundle(result.resources)) }];
}
