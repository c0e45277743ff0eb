import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder of maps, and what it is called where its files are named: in faults, in answers to senders. */
export interface MapFolder {
  readonly folder: string;
  readonly shownAs: string;
}

/** Every map and overlay of the folders, with the path that faults are reported at. */
export async function readMapFiles(
  folders: readonly MapFolder[],
): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const files: { path: string; text: string }[] = [];
  for (const { folder, shownAs } of folders) {
    const names = await readdir(folder, { recursive: true });
    for (const name of names.filter(isMap).sort()) {
      const text = await readFile(join(folder, name), 'utf8');
      files.push({ path: join(shownAs, name), text });
    }
  }
  return files;
}

function isMap(name: string): boolean {
  return name.endsWith('.map.yaml') || name.endsWith('.overlay.yaml');
}
