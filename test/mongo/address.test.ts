import { expect, it } from 'vitest';
import { withDatabase } from './mongo.ts';

it.each([
  ['mongodb://h', 'mongodb://h/x'],
  ['mongodb://h1:1,h2:2/?replicaSet=rs0', 'mongodb://h1:1,h2:2/x?replicaSet=rs0'],
  ['mongodb://u:p@h', 'mongodb://u:p@h/x?authSource=admin'],
  ['mongodb://u:p@h/site?tls=true', 'mongodb://u:p@h/x?tls=true&authSource=site'],
  ['mongodb+srv://u:p@h/?authSource=them', 'mongodb+srv://u:p@h/x?authSource=them'],
])('another database at %s is asked as the same user', (url, other) => {
  expect(withDatabase(url, 'x')).toBe(other);
});
