import { taskCodeSystem } from '../record/task-code.ts';

/** The code systems, extensions and identifier systems of this room; the first three ship as JSON in profiles/. */
const base = 'https://weir.dev/fhir';
export const systems = {
  notDoneReason: `${base}/CodeSystem/not-done-reason`,
  taskCode: taskCodeSystem,
  messageCategory: `${base}/CodeSystem/message-category`,
  channel: `${base}/CodeSystem/channel`,
  department: 'urn:weir:department',
  rule: 'urn:weir:rule',
} as const;

/** Hash of what a Task answers; when it changes, the Task is opened again. */
export const taskStateUrl = `${base}/StructureDefinition/task-state`;

/** Why a message was not sent, in the order in which the guard chain asks (guard.ts). */
export const notDoneReasons = {
  'rule-withdrawn': 'The rule or step that planned the message is no longer in force',
  merged: 'The record was merged and the surviving one cannot be found',
  deceased: 'The recipient has died',
  inactive: 'The recipient is no longer active',
  superseded: 'What the message is about has changed since it was planned',
  expired: 'The message came too late to be of use',
  'opt-out': 'The recipient does not want messages of this kind',
  'no-channel': 'No channel reaches the recipient',
  'frequency-cap': 'The recipient has had as many messages as are allowed',
  duplicate: 'The message was sent before',
  content: 'The text does not fit the channel',
  'template-error': 'The text could not be made from the record',
  'system-error': 'The channel failed, also after further attempts',
} as const;
export type NotDoneReason = keyof typeof notDoneReasons;

/** `{system, code, display}` as one coding of a CodeableConcept. */
export function concept(system: string, code: string, display?: string): object {
  return { coding: [{ system, code, ...(display === undefined ? {} : { display }) }] };
}
