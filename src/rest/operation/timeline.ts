import { recordNeeds } from '../../record/crm-record.ts';
import { sectionNames } from '../../record/record-view.ts';
import { buildTimeline, timelineTypes } from '../../record/timeline.ts';
import type { StoredVersion } from '../../store/store.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';
import { countOf } from '../interaction/history.ts';
import { loadOf, loadPatient, resourcesOf, typesAtHand } from './person.ts';

/**
 * `GET Patient/id/$timeline?_count&_before`: the person's events, newest first, as JSON
 * `{items: [{at, kind, title, source, ref, status}], next?}`; `next` is the `_before` of the older ones.
 * Types that the caller may not see are left out.
 */
export async function timeline(context: RestContext, call: Call): Promise<Answer> {
  const patient = await loadPatient(context, call);
  const before = paramOf(call.params, '_before');
  const found: StoredVersion[] = [];
  const needs = recordNeeds(sectionNames).filter(({ type }) => timelineTypes.includes(type));
  const types = await typesAtHand(
    context,
    call,
    needs.map((need) => need.type),
  );
  for (const { type, param } of needs.filter((need) => types.includes(need.type))) {
    found.push(...(await loadOf(context, patient.id, { type, params: [param] })));
  }
  const page = buildTimeline(resourcesOf(found), {
    count: Math.max(1, countOf(paramOf(call.params, '_count'))),
    ...(before === undefined || before === '' ? {} : { before }),
  });
  return { status: 200, body: JSON.stringify(page), shown: [patient] };
}
