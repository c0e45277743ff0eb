import type { Answer, Call, RestContext } from '../call.ts';

/**
 * `[base]/$graphql` and `[base]/Type/id/$graphql`, by GET and POST: http://hl7.org/fhir/R4/graphql.html. The library
 * is loaded where it is first used: it would take a tenth of a second of every start.
 */
export async function graphql(context: RestContext, call: Call): Promise<Answer> {
  const { answerQuery } = await import('../graphql/answer.ts');
  return answerQuery(context, call);
}
