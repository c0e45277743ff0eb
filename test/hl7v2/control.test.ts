import { describe, expect, it } from 'vitest';
import { hasControls } from '../../src/hl7v2/control.ts';

const allowed = new Set(['\t', '\n', '\r']);
const filler = 'PID|1||Müller^Jörg|'.repeat(20);

describe.each([
  ['characters of one byte', filler],
  ['characters of two', `${filler}山`],
])('hasControls in a text with %s', (_, text) => {
  it('knows every C0 control, wherever it stands', () => {
    for (let code = 0; code < 0x20; code += 1) {
      const character = String.fromCharCode(code);
      const expected = !allowed.has(character);
      for (const at of [0, 17, text.length]) {
        const found = hasControls(text.slice(0, at) + character + text.slice(at));
        expect([code, at, found]).toEqual([code, at, expected]);
      }
    }
  });

  it('takes nothing else for one', () => {
    expect(hasControls(`${text} ~\x7f\x80\x9f\xa0ÿ`)).toBe(false);
  });
});
