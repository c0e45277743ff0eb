import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fail } from '../fhir/issue.ts';
import { answerPreflight, isPreflight } from './cors.ts';
import { methodsAt } from './route.ts';
import { routes } from './routes.ts';

type Handling = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

/**
 * OPTIONS: to a browser's preflight what pages may send; to others the CapabilityStatement of the base, and of any
 * other address its methods. `pathOf` is the address below the base.
 */
export function offers(
  app: FastifyInstance,
  pathOf: (request: FastifyRequest) => string,
  statement: Handling,
): void {
  const atBase: Handling = async (request, reply) =>
    isPreflight(request) ? answerPreflight(reply) : statement(request, reply);
  const elsewhere: Handling = async (request, reply) =>
    isPreflight(request)
      ? answerPreflight(reply)
      : reply
          .status(204)
          .header('allow', allowAt(pathOf(request)))
          .send();
  app.route({ method: 'OPTIONS', url: '/', config: { open: true }, handler: atBase });
  app.route({ method: 'OPTIONS', url: '/*', handler: elsewhere });
}

/** What Allow says of an address; throws `unknown-route` where there is nothing. */
export function allowAt(path: string): string {
  const methods = methodsAt(routes, path);
  if (methods.length === 0) fail('unknown-route', 'There is no FHIR interaction at this address');
  const all = methods.includes('GET') ? [...methods, 'HEAD', 'OPTIONS'] : [...methods, 'OPTIONS'];
  return all.sort().join(', ');
}
