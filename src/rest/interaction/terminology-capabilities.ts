import { codeSystems } from '../../fhir/definitions.ts';
import type { RestContext } from '../call.ts';

/**
 * The TerminologyCapabilities of `GET metadata?mode=terminology`
 * (http://hl7.org/fhir/R4/terminologycapabilities.html): the code systems that the server knows, and of the terminology
 * operations those that the route table has.
 */
export function terminologyCapabilities({ routes, baseUrl, clock }: RestContext): object {
  const offers = (name: string): boolean => routes.some(({ url }) => url.endsWith(`/$${name}`));
  return {
    resourceType: 'TerminologyCapabilities',
    name: 'WeirTerminology',
    title: 'Weir terminology',
    status: 'active',
    date: clock().toISOString(),
    kind: 'instance',
    software: { name: 'Weir' },
    implementation: { description: 'Weir FHIR R4 interface', url: baseUrl },
    lockedDate: false,
    codeSystem: codeSystems().map((uri) => ({ uri, subsumption: offers('subsumes') })),
    ...(offers('expand') ? { expansion: { hierarchical: false, paging: true } } : {}),
    ...(offers('validate-code') ? { validateCode: { translations: false } } : {}),
    ...(offers('translate') ? { translation: { needsMap: true } } : {}),
  };
}
