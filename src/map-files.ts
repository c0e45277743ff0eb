import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Every map and overlay of the folders, with the path that faults are reported at. */
export async function readMapFiles(
  folders: readonly string[],
): Promise<readonly { readonly path: string; readonly text: string }[]> {
  const files: { path: string; text: string }[] = [];
  for (const folder of folders) {
    const names = await readdir(folder, { recursive: true });
    for (const name of names.filter(isMap).sort()) {
      const path = join(folder, name);
      files.push({ path, text: await readFile(path, 'utf8') });
    }
  }
  return files;
}

function isMap(name: string): boolean {
  return name.endsWith('.map.yaml') || name.endsWith('.overlay.yaml');
}
