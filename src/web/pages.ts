import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const notBuilt = `<!doctype html><title>Weir</title><p>The pages are not built. Run <code>npm ci</code> with
development dependencies and start again; the interfaces work meanwhile.</p>`;

const policy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** Serves the built pages; any address that is no file and no interface is a page of the one client. */
export async function pages(app: FastifyInstance, folder: string): Promise<void> {
  const index = join(folder, 'index.html');
  await app.register(fastifyStatic, {
    root: folder,
    index: false,
    wildcard: false,
    serve: existsSync(folder),
  });

  app.addHook('onSend', async (_request, reply) => {
    void reply.header('content-security-policy', policy);
    void reply.header('x-content-type-options', 'nosniff');
    void reply.header('referrer-policy', 'same-origin');
  });

  app.get('/*', async (request, reply) => {
    const path = request.url.split('?')[0] ?? '/';
    if (/\.[a-z0-9]+$/i.test(path)) {
      const name = path.replace(/^\/+/, '');
      return existsSync(folder) ? reply.sendFile(name) : reply.callNotFound();
    }
    const html = existsSync(index) ? readFileSync(index, 'utf8') : notBuilt;
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(html);
  });
}
