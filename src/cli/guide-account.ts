import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultFeed, sourceOf } from '../feed/feed.ts';
import { provenanceOf } from '../feed/provenance.ts';
import type { Reading } from '../feed/reading.ts';
import { accountFor, type Account } from '../mapping/coverage/account.ts';
import { coverGuide } from '../mapping/coverage/cover-guide.ts';
import {
  corrected,
  readDeviations,
  readGuideFaults,
  type GuideFault,
} from '../mapping/coverage/guide-notes.ts';
import {
  readSheet,
  sheetFolders,
  type GuideSheet,
  type SheetKind,
} from '../mapping/coverage/guide-row.ts';
import type { Commit } from '../mapping/coverage/prober.ts';
import type { CompiledPack } from '../mapping/pack.ts';
import { UsageError } from './io.ts';
import { root } from './root.ts';

/** The guide held against a pack. */
export interface GuideAccount extends Account {
  /** Faults that the guide does not have (any more). */
  readonly unseenFaults: readonly GuideFault[];
}

/** Every sheet of the guide's folder, by kind and name. Throws {@link UsageError} where there is none. */
export async function readGuide(folder: string): Promise<readonly GuideSheet[]> {
  const sheets: GuideSheet[] = [];
  for (const [kind, name] of Object.entries(sheetFolders) as [SheetKind, string][]) {
    const place = [join(folder, 'mappings', name), join(folder, name)].find((one) =>
      existsSync(one),
    );
    if (place === undefined)
      throw new UsageError(`There are no sheets of HL7's guide in ${folder}`);
    const files = (await readdir(place)).filter((file) => file.endsWith('.csv')).sort();
    for (const file of files)
      sheets.push(readSheet(kind, file, await readFile(join(place, file), 'utf8')));
  }
  return sheets;
}

/** Tries every row of the guide with the pack, and looks the others up in the pack's deviations. */
export async function accountForGuide(folder: string, pack: CompiledPack): Promise<GuideAccount> {
  const notes = async (name: string): Promise<string> =>
    readFile(join(root, 'mappings', name), 'utf8');
  const faults = readGuideFaults(await notes('guide-faults.yaml'));
  const deviations = readDeviations(await notes('deviations.yaml'));
  const { sheets, unseen } = corrected(await readGuide(folder), faults);
  return { ...accountFor(coverGuide(pack, sheets, committed), deviations), unseenFaults: unseen };
}

/** The Provenance that the pipeline writes beside the resources of a message. */
const committed: Commit = (result, message) => {
  const reading: Reading = {
    frame: { bytes: new Uint8Array(), peer: 'guide' },
    feed: defaultFeed,
    source: sourceOf(defaultFeed, message),
    receivedAt: new Date(0),
    controlId: message.controlId,
    messageType: message.type,
    hash: '',
    charset: 'utf8',
    message,
    result,
    issues: [],
    orderKeys: [],
    personKeys: [],
    kin: [],
  };
  const writes = result.resources.map(({ resource: { resourceType } }) => {
    const reference = `${resourceType}/1`;
    return { reference, written: `${reference}/_history/1`, stale: false, kept: [], faults: [] };
  });
  const resource = provenanceOf(reading, writes, { entryId: '1', now: new Date(0) });
  return resource ? [{ name: 'provenance', fullUrl: 'urn:provenance', resource }] : [];
};
