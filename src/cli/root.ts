import { fileURLToPath } from 'node:url';

/** The folder of the program: mappings/, automations/, profiles/, dist/. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
