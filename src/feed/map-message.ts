import type { Message } from '../hl7v2/message.ts';
import type { MappingContext } from '../mapping/context.ts';
import type { MappingResult } from '../mapping/result.ts';
import type { Feed } from './feed.ts';

/**
 * Maps one message with the maps of its feed. A message that no map takes gives no resources and an
 * issue that names its type. Never throws.
 */
export type MapMessage = (message: Message, feed: Feed, context: MappingContext) => MappingResult;
