/** Fastify, and nothing else: every GET is answered with the bytes given as the argument. */
import fastify from 'fastify';

const body = Buffer.from(process.argv[2] ?? '');
const app = fastify();
app.get('/*', (_request, reply) => reply.type('application/fhir+json; charset=utf-8').send(body));
const http = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ http })}\n`);
process.on('SIGTERM', () => process.exit(0));
