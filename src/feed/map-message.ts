import { errorIssue, type Issue } from '../fhir/issue.ts';
import type { Message } from '../hl7v2/message.ts';
import type { MappingContext } from '../mapping/context.ts';
import { selectMap, type CompiledPack } from '../mapping/pack.ts';
import type { MappingResult } from '../mapping/result.ts';
import { runMap } from '../mapping/run/run-map.ts';
import type { Feed } from './feed.ts';

/**
 * Maps one message with the maps of its feed. A message that no map takes gives no resources and an
 * issue that names its type. Never throws.
 */
export type MapMessage = (message: Message, feed: Feed, context: MappingContext) => MappingResult;

/** The maps of a pack: each message by that of its type, as the overlays of its feed have it. */
export function mapWith(pack: CompiledPack): MapMessage {
  return (message, feed, context) => {
    const map = selectMap(pack, message, feed.name);
    if (typeof map !== 'string') return runMap(map, message, context);
    const issues = [unsupported(map, message)];
    return { resources: [], loss: [], unmapped: [], issues, trace: [], map: '' };
  };
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
