import { patientCompartment, resourceTypes } from '../../fhir/definitions.ts';
import { fail } from '../../fhir/issue.ts';
import { limits } from '../../limits.ts';
import type { StoredVersion } from '../../store/store.ts';
import { bundleText, searchEntry } from '../bundle/bundle-text.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { paramOf } from '../call.ts';
import { sinceOf } from '../interaction/history.ts';
import { loadOf, loadPatient, typesAtHand } from './person.ts';

/**
 * `GET Patient/id/$everything` with `_type` and `_since`
 * (http://hl7.org/fhir/R4/operation-patient-everything.html): the Patient and what of the compartment the
 * caller may see, in one Bundle. Throws `limit` past limits.everythingMax.
 */
export async function everything(context: RestContext, call: Call): Promise<Answer> {
  const patient = await loadPatient(context, call);
  const types = await typesAtHand(context, call, wantedTypes(call));
  const since = sinceOf(paramOf(call.params, '_since'));
  const found: StoredVersion[] = [patient];
  for (const type of types) {
    const search = { type, params: patientCompartment(type), ...since };
    found.push(...(await loadOf(context, patient.id, search, limits.everythingMax)));
    if (found.length > limits.everythingMax) {
      fail(
        'limit',
        `The record has more than ${limits.everythingMax} resources; use _type, _since`,
      );
    }
  }
  const self = `${context.baseUrl}/${call.path}`;
  const body = bundleText({
    type: 'searchset',
    total: found.length,
    links: [{ relation: 'self', url: self }],
    entries: found.map((version) => searchEntry(context.baseUrl, version, 'match')),
  });
  return { status: 200, body, shown: found };
}

function wantedTypes(call: Call): readonly string[] {
  const asked = paramOf(call.params, '_type')?.split(',');
  return resourceTypes().filter(
    (type) =>
      type !== 'Patient' &&
      patientCompartment(type).length > 0 &&
      (asked === undefined || asked.includes(type)),
  );
}
