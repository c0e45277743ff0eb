import { fold } from '../../fhir/fold.ts';
import { fail } from '../../fhir/issue.ts';
import type { Coding } from '../../fhir/resource.ts';
import { ValueSetReader } from '../../fhir/value-set.ts';
import type { Answer, Call, RestContext } from '../call.ts';
import { loadTerminology } from '../terminology.ts';
import { valueSetOf } from './expand.ts';
import { inputOf, missing, onlyOne } from './input.ts';
import type { OperationInput } from './input.ts';
import { parametersAnswer } from './output.ts';

/** `ValueSet[/id]/$validate-code`: http://hl7.org/fhir/R4/valueset-operation-validate-code.html. */
export async function validateCode(context: RestContext, call: Call): Promise<Answer> {
  const input = inputOf(call);
  const codings = codingsOf(input);
  const valueSet = await valueSetOf(context, call, input);
  const terminology = await loadTerminology(context, call, { given: [valueSet] });
  const reader = new ValueSetReader(terminology);
  const noAbstract = input.flag('abstract') === false;
  const found = codings.flatMap((coding) => {
    const member = reader.find(valueSet, coding.system, coding.code ?? missing('code'));
    return member && !(noAbstract && member.abstract) ? [{ coding, display: member.display }] : [];
  });
  const name = typeof valueSet['url'] === 'string' ? ` ${valueSet['url']}` : '';
  return verdict(found, `The code is not in the value set${name}`);
}

/** `code` with `system`, `coding`, or all of `codeableConcept`. */
function codingsOf(input: OperationInput): readonly Coding[] {
  onlyOne(input, 'code', 'coding', 'codeableConcept');
  const coding = input.coding('coding');
  const codings = input.codings('codeableConcept') ?? (coding ? [coding] : undefined);
  if (codings) {
    for (const { system, code, display } of codings as readonly Readonly<
      Record<string, unknown>
    >[]) {
      for (const part of [system, code, display]) {
        if (part !== undefined && typeof part !== 'string') fail('value', 'A Coding has texts');
      }
    }
    return codings;
  }
  const code = input.text('code') ?? missing('code, coding or codeableConcept');
  const [system, display] = [input.text('system'), input.text('display')];
  return [
    {
      code,
      ...(system === undefined ? {} : { system }),
      ...(display === undefined ? {} : { display }),
    },
  ];
}

/**
 * What both operations $validate-code answer: right where a coding was found and its display is not another one.
 * `fault` says what is wrong where none was.
 */
export function verdict(
  found: readonly { readonly coding: Coding; readonly display: string | undefined }[],
  fault: string,
): Answer {
  const [first] = found;
  if (!first) {
    return parametersAnswer([
      ['result', 'valueBoolean', false],
      ['message', 'valueString', fault],
    ]);
  }
  const right = found.find(({ coding, display }) => agrees(coding.display, display)) ?? first;
  const { coding, display } = right;
  const result = agrees(coding.display, display);
  return parametersAnswer([
    ['result', 'valueBoolean', result],
    ['message', 'valueString', result ? undefined : 'The display is not that of the code'],
    ['display', 'valueString', display],
  ]);
}

function agrees(given: string | undefined, known: string | undefined): boolean {
  return given === undefined || known === undefined || fold(given) === fold(known);
}
