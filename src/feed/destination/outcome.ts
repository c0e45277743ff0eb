import { unretried, type Control } from './control.ts';
import { unsettled, type Delivery, type DeliveryList } from './delivery.ts';
import type { Destination } from './destination.ts';
import type { Verdict } from './verdict.ts';

/** What came of a send: a verdict, or nothing that could be read as one. */
export type Sent = Verdict | { readonly kind: 'unknown'; readonly text: string };

/** Control and delivery as they are to be, and the list in which the delivery is to stand. */
export interface Settled {
  readonly control: Control;
  readonly delivery: Delivery;
  readonly list: DeliveryList;
}

interface Standing {
  readonly control: Control;
  readonly delivery: Delivery;
}

/** The message is on its way: whoever finds it so does not know what became of it. */
export function beforeSending({ control, delivery }: Standing): Settled {
  const breaker = control.breaker === 'open' ? 'half-open' : control.breaker;
  return {
    control: { ...control, breaker },
    delivery: { ...unsettled(delivery), state: 'inflight', attempts: delivery.attempts + 1 },
    list: 'queue',
  };
}

/** What an answer, or none, means for the message and for the destination. */
export function afterSending(
  standing: Standing,
  sent: Sent,
  given: { readonly destination: Destination; readonly now: Date },
): Settled {
  switch (sent.kind) {
    case 'accepted':
      return accepted(standing, sent, given.now);
    case 'error':
      return erred(standing, sent, given);
    case 'rejected':
      return held(standing, sent, given);
    case 'more':
    case 'foreign':
    case 'unknown':
      return unanswered(standing, textOf(sent), given);
  }
}

function textOf(sent: Sent): string {
  return 'text' in sent ? sent.text : 'CA came, and no answer of the application after it';
}

/** The same at `now`, however long it was away. */
function answered(control: Control, now: Date): Control {
  return { ...unretried(control), failures: 0, breaker: 'closed', lastSentAt: now.toISOString() };
}

function faultless({ lastError: _, ...delivery }: Delivery): Delivery {
  return delivery;
}

function accepted(
  { control, delivery }: Standing,
  { code }: { readonly code: string },
  now: Date,
): Settled {
  return {
    control: { ...answered(control, now), sent: control.sent + 1 },
    delivery: {
      ...faultless(delivery),
      state: 'acknowledged',
      ackCode: code,
      settledAt: now.toISOString(),
    },
    list: 'done',
  };
}

/** The destination is there and does not want this message now: it is sent again so often, then held. */
function erred(
  standing: Standing,
  said: { readonly code: string; readonly text: string },
  given: { readonly destination: Destination; readonly now: Date },
): Settled {
  const { control, delivery } = standing;
  const { retry } = given.destination;
  const errors = delivery.errors + 1;
  if (errors > retry.errorsMax) {
    return held({ control, delivery: { ...delivery, errors } }, said, given);
  }
  const pauseMs = pauseAfter(errors, retry);
  return {
    control: { ...answered(control, given.now), ...lastError(said.text, given.now) },
    delivery: {
      ...delivery,
      errors,
      state: 'queued',
      ackCode: said.code,
      lastError: said.text,
      nextRetryAt: new Date(given.now.getTime() + pauseMs).toISOString(),
    },
    list: 'queue',
  };
}

function held(
  { control, delivery }: Standing,
  { code, text }: { readonly code: string; readonly text: string },
  { destination, now }: { readonly destination: Destination; readonly now: Date },
): Settled {
  const failed = control.failed + 1;
  return {
    control: { ...answered(control, now), ...lastError(text, now), failed },
    delivery: {
      ...delivery,
      state: 'held',
      ackCode: code,
      lastError: text,
      settledAt: now.toISOString(),
    },
    list: destination.whenHeld === 'aside' ? 'aside' : 'queue',
  };
}

/** No answer: the message stays at the head, and the destination is left alone for longer and longer. */
function unanswered(
  { control, delivery }: Standing,
  text: string,
  { destination, now }: { readonly destination: Destination; readonly now: Date },
): Settled {
  const failures = control.failures + 1;
  const { retry } = destination;
  const retryAt = new Date(now.getTime() + pauseAfter(failures, retry)).toISOString();
  const breaker = failures >= retry.breakAfter ? 'open' : 'closed';
  return {
    control: { ...control, ...lastError(text, now), failures, breaker, retryAt },
    delivery: { ...delivery, state: 'queued', lastError: text, nextRetryAt: retryAt },
    list: 'queue',
  };
}

function pauseAfter(times: number, { firstMs, mostMs }: Destination['retry']): number {
  return Math.min(firstMs * 2 ** (times - 1), mostMs);
}

function lastError(text: string, now: Date) {
  return { lastError: text, lastErrorAt: now.toISOString() };
}
