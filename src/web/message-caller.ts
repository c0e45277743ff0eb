import type { FastifyReply, FastifyRequest } from 'fastify';
import { errorIssue, fail, OutcomeError } from '../fhir/issue.ts';
import { statusOf, toOperationOutcome } from '../fhir/outcome.ts';
import { limits } from '../limits.ts';
import type { AccessEvent } from '../security/audit-event.ts';
import type { Principal } from '../security/principal.ts';
import { CommitRefused } from '../store/store.ts';
import { answerFailure } from './failure.ts';

export interface CallerOptions {
  readonly authenticate: (request: FastifyRequest) => Promise<Principal | undefined>;
  readonly clock: () => Date;
  /** Takes the audit event of a look at a message. */
  readonly recordAccess: (event: AccessEvent) => Promise<void> | undefined;
}

/** Who may look at messages: they hold everything about a person. */
const readers = new Set(['admin', 'analyst', 'clinician', 'nurse', 'integration']);
/** Who may see whom they are about, with a reason. */
const unmaskers = new Set(['admin', 'analyst', 'clinician', 'nurse']);
/** Who may change what becomes of them. */
const workers = new Set(['admin', 'analyst', 'integration']);

const does = { read: readers, unmask: unmaskers, work: workers } as const;
const words = {
  read: 'does not read messages',
  unmask: 'does not see whom messages are about',
  work: 'does not work on messages; analyst, integration and admin do',
} as const;

/** Who asks, if they may. Throws `login` or `forbidden`. */
export async function callerOf(
  request: FastifyRequest,
  { authenticate }: CallerOptions,
  deed: keyof typeof does = 'read',
): Promise<Principal> {
  const principal = await authenticate(request);
  if (principal === undefined) fail('login', 'Sign in first');
  if (principal.patient !== undefined || !does[deed].has(principal.role)) {
    fail('forbidden', `The role ${principal.role} ${words[deed]}`);
  }
  return principal;
}

/** The audit event of a call that changed nothing. */
export function accessBy(
  principal: Principal,
  request: FastifyRequest,
  { clock }: CallerOptions,
): Omit<AccessEvent, 'interaction' | 'patients'> {
  const query = request.url.slice(1);
  return { at: clock(), principal, requestId: request.id, resources: [], status: 200, query };
}

/** A reason as a person gives it. Throws where it is missing or too long. */
export function reasonOf(given: unknown): string {
  const reason = optionalReason(given);
  if (reason === undefined) fail('parameter-missing', 'Give a reason; it is kept with who did it');
  return reason;
}

export function optionalReason(given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  if (typeof given !== 'string') fail('value', 'reason is a text');
  const reason = given.trim();
  if (reason.length > limits.reasonCharsMax) {
    fail('value', `A reason has at most ${String(limits.reasonCharsMax)} characters`);
  }
  return reason === '' ? undefined : reason;
}

/** Answers a misuse as an OperationOutcome; everything else as the other addresses do. */
export async function answerMisuse(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const issues = issuesOf(error);
  if (issues === undefined) return answerFailure(error, request, reply);
  const status = statusOf(issues);
  if (status >= 500) request.log.error({ id: request.id, err: error }, 'A request failed');
  if (status === 401) void reply.header('www-authenticate', 'Bearer');
  return reply
    .status(status)
    .type('application/fhir+json')
    .send(JSON.stringify(toOperationOutcome(issues)));
}

function issuesOf(error: unknown): OutcomeError['issues'] | undefined {
  if (error instanceof OutcomeError) return error.issues;
  if (!(error instanceof CommitRefused)) return undefined;
  return [errorIssue('write-conflict', 'Somebody else worked on the message; look at it again')];
}
