/**
 * The limit: an MLLP server that looks at the header of a frame, and keeps frames with a hash, all that came in one turn of the
 * event loop in one durable commit, before it answers. `node bare-child.ts FILE`; says its address as a JSON line.
 */
import { hash } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import Database from 'better-sqlite3-multiple-ciphers';

const db = new Database(process.argv[2] ?? '');
db.pragma('page_size = 8192');
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.pragma('wal_autocheckpoint = 16000');
db.exec('CREATE TABLE frame (n INTEGER PRIMARY KEY, id TEXT, hash TEXT, bytes BLOB) STRICT');
const insert = db.prepare('INSERT INTO frame (id, hash, bytes) VALUES (?, ?, ?)');

interface Waiting {
  readonly socket: Socket;
  readonly bytes: Buffer;
}
let waiting: Waiting[] = [];

function commit(): void {
  const group = waiting;
  waiting = [];
  const answers: [Socket, string][] = [];
  db.exec('BEGIN IMMEDIATE');
  for (const { socket, bytes } of group) {
    const header = bytes.toString('latin1', 0, 200).split('|', 12);
    const id = header[9] ?? '';
    insert.run(id, hash('sha256', bytes), bytes);
    const ack = `MSH|^~\\&|W|H|${header[2] ?? ''}|${header[3] ?? ''}|2026||ACK|1|P|2.5.1\rMSA|AA|${id}\r`;
    answers.push([socket, `\x0b${ack}\x1c\r`]);
  }
  db.exec('COMMIT');
  for (const [socket, answer] of answers) socket.write(answer, 'latin1');
}

const server = createServer({ noDelay: true }, (socket) => {
  let rest = Buffer.alloc(0);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(0x1c); end >= 0; end = rest.indexOf(0x1c)) {
      if (waiting.length === 0) setImmediate(commit);
      waiting.push({ socket, bytes: rest.subarray(1, end) });
      rest = rest.subarray(end + 2);
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  console.log(JSON.stringify({ mllp: `127.0.0.1:${String(port)}` }));
});
