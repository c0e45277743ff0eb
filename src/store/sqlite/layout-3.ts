/**
 * An index of the words of whole resources, for `_content`. It is brought up to date after commits, not in them
 * (content-words.ts): `counter` has under `content` the position of the newest version it knows. `rowid` is the `rid` of
 * the resource; the words themselves are not kept. They come folded, parted by blanks, of letters and digits
 * alone, so the simplest tokenizer gives them back as they are.
 */
export const layout3 = `
CREATE VIRTUAL TABLE content USING fts5(
  words, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
INSERT INTO counter (name, value) VALUES ('content', 0), ('content_version', 0);
`;
