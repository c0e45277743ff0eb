import { acceptance, answersOf, type Answers } from './answer.ts';
import { wants } from './asked.ts';
import { keep, keepWhatIsOwed } from './destination/keep.ts';
import { whileStopped } from './feed-resume.ts';
import { isSettled, waitingEntry, withOutcome } from './journal-entry.ts';
import type { Line } from './line.ts';
import type { MapMessage } from './map-message.ts';
import type { Accepted, OnFrame, Pipeline, TakeTurn } from './pipeline.ts';
import { hearFrame, isRefused, mapHeard, type Reading } from './reading.ts';
import { answerFault } from './refuse.ts';

/**
 * Who hears what, and when: a frame is read, and answered when the record is written, or before that where the message
 * need only be safe. `takeTurn` processes a message for which somebody waits; the others go to the line.
 */
export function answering(
  pipeline: Pipeline,
  { takeTurn, line }: { readonly takeTurn: TakeTurn; readonly line: Line },
): OnFrame {
  return async (frame, accepted) => {
    const given = { feeds: pipeline.feeds(), receivedAt: pipeline.clock() };
    const reading = hearFrame(frame, given);
    const told = { accept: false };
    const tell: Accepted = (accept) => {
      told.accept ||= accept !== undefined;
      accepted?.(accept);
    };
    const orFault = (of: Reading, answers: Promise<Answers>): Promise<Answers> =>
      answers.catch((error: unknown) =>
        answerFault(pipeline, of, { error, accepted: told.accept }),
      );
    const take: TakeTurn = (heard) => {
      const whole = mapHeard(heard, pipeline);
      return orFault(whole, takeTurn(whole));
    };
    const { accept, application } = await orFault(
      reading,
      answersTo(pipeline, reading, { take, tell, line }),
    );
    if (application !== undefined && accept !== undefined && !told.accept) tell(accept);
    return application ?? (told.accept && accepted !== undefined ? undefined : accept);
  };
}

interface Answering {
  /** Maps and processes a message now: somebody waits for it. */
  readonly take: TakeTurn;
  readonly tell: Accepted;
  /** Where it is processed when nobody does. */
  readonly line: Line;
}

async function answersTo(
  pipeline: Pipeline,
  reading: Reading,
  answering: Answering,
): Promise<Answers> {
  const isCommitted = reading.feed.ackMode === 'committed';
  const stopped = isCommitted ? await whileStopped(pipeline, reading) : undefined;
  if (stopped !== undefined) return stopped;
  if (isSafeFirst(reading, pipeline.map)) return acknowledgeFirst(pipeline, reading, answering);
  await keepWhatIsOwed(pipeline, reading);
  return answering.take(reading);
}

/**
 * Whether the sender is to hear that the message is safe before it is processed. A `committed` feed says CA
 * before only where more is to come: the last that a sender hears of it is that the record is written.
 */
function isSafeFirst(reading: Reading, { refusal }: MapMessage): boolean {
  const { feed, asked, continuation, sequenceNumber, issues, message } = reading;
  if (isRefused(issues) || continuation !== undefined || sequenceNumber !== undefined) return false;
  // That no map takes it is known without mapping it, and what it is answered.
  const isTaken = message === undefined || feed.passOnly === true || !refusal?.(message, feed);
  if (!isTaken) return false;
  if (feed.ackMode === 'journaled') return true;
  return asked !== undefined && wants(asked.accept, 'AA') && asked.application !== 'NE';
}

/**
 * Journals, and says so: by CA where MSH-15 wants it, by AA where the feed is `journaled`. What is left to say after the
 * message was processed is the outcome of its turn, for which it is mapped now; else it is mapped when the line comes to it,
 * and the outcome is in the journal alone.
 */
async function acknowledgeFirst(
  pipeline: Pipeline,
  reading: Reading,
  { take, tell, line }: Answering,
): Promise<Answers> {
  const row = waitingEntry(reading, pipeline);
  const { remarks = [] } = reading.frame;
  const entry =
    reading.feed.ackMode === 'journaled'
      ? withOutcome(row, reading, { state: 'received', issues: remarks, now: pipeline.clock() })
      : { ...row, ...acceptance(reading, row) };
  const { existing = entry } = await keep(pipeline, reading, entry);
  if (isSettled(existing)) return answersOf(reading, existing);
  if (existing.state !== 'received') return take(reading);
  const answers = answersOf(reading, existing);
  const isAnswered = existing.ackCode?.startsWith('A') === true;
  if (!isAnswered && reading.asked?.application !== 'NE') {
    tell(answers.accept);
    return take(reading);
  }
  line.add(existing);
  return answers;
}
