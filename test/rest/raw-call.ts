import { once } from 'node:events';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** The head of a POST by an administrator. */
function rawHead(path: string, length: number): string {
  return [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Authorization: Bearer admin',
    'Content-Type: application/fhir+json',
    `Content-Length: ${String(length)}`,
    '\r\n',
  ].join('\r\n');
}

/** A connection of its own to a server that listens. */
async function rawSocket({ server }: Pick<FastifyInstance, 'server'>): Promise<Socket> {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  // What becomes of it is looked at on the server's side.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends a whole call and hands the socket back before there is an answer. */
export async function rawCall(app: FastifyInstance, path: string, body: object): Promise<Socket> {
  const socket = await rawSocket(app);
  const text = JSON.stringify(body);
  socket.write(rawHead(path, Buffer.byteLength(text)) + text);
  return socket;
}
