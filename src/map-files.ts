import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder of maps, and what it is called where its files are named: in faults, in answers to senders. */
export interface MapFolder {
  readonly folder: string;
  readonly shownAs: string;
}

/** Every map and overlay of the folders, with the path that faults are reported at. */
export async function readMapFiles(folders: readonly MapFolder[]): Promise<readonly MapText[]> {
  return readFiles(folders, isMap);
}

/** Every out-map of the folders: from FHIR to HL7 v2. */
export async function readOutMapFiles(folders: readonly MapFolder[]): Promise<readonly MapText[]> {
  return readFiles(folders, (name) => name.endsWith('.out.yaml'));
}

/** A file with the path that faults are reported at. */
export interface MapText {
  readonly path: string;
  readonly text: string;
}

async function readFiles(
  folders: readonly MapFolder[],
  isWanted: (name: string) => boolean,
): Promise<readonly MapText[]> {
  const files: { path: string; text: string }[] = [];
  for (const { folder, shownAs } of folders) {
    const names = await readdir(folder, { recursive: true });
    for (const name of names.filter(isWanted).sort()) {
      const text = await readFile(join(folder, name), 'utf8');
      files.push({ path: join(shownAs, name), text });
    }
  }
  return files;
}

function isMap(name: string): boolean {
  return name.endsWith('.map.yaml') || name.endsWith('.overlay.yaml');
}
