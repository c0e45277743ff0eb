import type { Answer, Call, RestContext } from '../call.ts';
import { loadPatient } from './person.ts';

/**
 * `GET Patient/id/$sources`: what each source said last of the person, as Parameters: for each `source` its
 * name, the time of its last event, when that arrived, MSH-10, and its `view` as FHIR.
 */
export async function sources(context: RestContext, call: Call): Promise<Answer> {
  const patient = await loadPatient(context, call);
  const views = await context.store.sourceViews(patient.type, patient.id);
  const entries = views.map(({ source, eventTime, receivedAt, controlId, view }) => {
    const parts = [
      text('source', 'valueString', source),
      text('eventTime', 'valueInstant', eventTime.toISOString()),
      text('receivedAt', 'valueInstant', receivedAt.toISOString()),
      text('controlId', 'valueString', controlId),
      `{"name":"view","resource":${view}}`,
    ];
    return `{"name":"source","part":[${parts.join(',')}]}`;
  });
  const parameter = entries.length === 0 ? '' : `,"parameter":[${entries.join(',')}]`;
  return { status: 200, body: `{"resourceType":"Parameters"${parameter}}`, shown: [patient] };
}

function text(name: string, type: string, value: string): string {
  return JSON.stringify({ name, [type]: value });
}
