import { errorIssue, type Issue } from '../fhir/issue.ts';
import type { Message } from '../hl7v2/message.ts';
import type { MappingContext } from '../mapping/context.ts';
import { selectMap, type CompiledPack } from '../mapping/pack.ts';
import { personFieldsOf } from '../mapping/person-fields.ts';
import type { MappingResult } from '../mapping/result.ts';
import { atOnce, mapInSteps } from '../mapping/run/run-map.ts';
import type { Feed } from './feed.ts';

/** What the maps make of messages, and what they say of one without running. */
export interface MapMessage {
  /**
   * Maps one message with the maps of its feed. A message that no map takes gives no resources and an
   * issue that names its type. Never throws.
   */
  (message: Message, feed: Feed, context: MappingContext): MappingResult;
  /** The same in steps; absent: only at once. */
  readonly inSteps?: (
    message: Message,
    feed: Feed,
    context: MappingContext,
  ) => Generator<undefined, MappingResult, undefined>;
  /** The same issue, where no map takes the message; absent: only a run tells. */
  readonly refusal?: (message: Message, feed: Feed) => Issue | undefined;
  /** Fields, such as `PID-3`, in which some map finds the numbers of a person; absent: those of HL7. */
  readonly personFields?: readonly string[];
}

/** The maps of a pack: each message by that of its type, as the overlays of its feed have it. */
export function mapWith(pack: CompiledPack): MapMessage {
  const refusal = (message: Message, feed: Feed): Issue | undefined => {
    const map = selectMap(pack, message, feed.name);
    return typeof map === 'string' ? unsupported(map, message) : undefined;
  };
  const inSteps: NonNullable<MapMessage['inSteps']> = function* (message, feed, context) {
    const selected = selectMap(pack, message, feed.name);
    if (typeof selected !== 'string') return yield* mapInSteps(selected, message, context);
    const issues = [unsupported(selected, message)];
    return { resources: [], loss: [], unmapped: [], issues, trace: [], map: '' };
  };
  const map: MapMessage = (message, feed, context) => atOnce(inSteps(message, feed, context));
  return Object.assign(map, { inSteps, refusal, personFields: personFieldsOf(pack) });
}

function unsupported(
  code: 'event-unsupported' | 'message-type-unsupported',
  { type }: Message,
): Issue {
  if (type === '') return errorIssue(code, 'MSH-9 is empty', { location: 'MSH-9' });
  const [name = '', event = ''] = type.split('^');
  // Whatever else stands in MSH-9 is not ours to repeat, and `^` would have to be escaped.
  const sentence = /^\w{1,3}(\^\w{1,3})?$/.test(type)
    ? `No map takes ${name} messages${event === '' ? '' : ` of event ${event}`}`
    : 'MSH-9 is no message type of HL7';
  const location = code === 'event-unsupported' ? 'MSH-9.2' : 'MSH-9.1';
  return errorIssue(code, sentence, { location });
}
