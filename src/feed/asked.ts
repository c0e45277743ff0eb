import type { Issue } from '../fhir/issue.ts';
import type { Message } from '../hl7v2/message.ts';

/** HL7 table 0155: always, never, on error or rejection only, on success only. */
export type AskedWhen = 'AL' | 'NE' | 'ER' | 'SU';

/** What a sender in enhanced mode wants to hear (MSH-15, MSH-16). */
export interface Asked {
  readonly accept: AskedWhen;
  readonly application: AskedWhen;
}

/**
 * Which answers a message asks for (HL7 v2.5.1 chapter 2.9.2 and 2.9.3): none valued is original mode
 * (`asked` absent). Beside a code that is known an empty one is NE, an unknown one AL, so that nobody waits
 * in vain; where no code is known the message gets the one answer of original mode.
 */
export function askedOf(message: Message): { readonly asked?: Asked; readonly issues: Issue[] } {
  const said = [15, 16].map((number) => ({
    place: `MSH-${String(number)}`,
    text: message.segment('MSH')?.field(number).component(1).text.trim().toUpperCase() ?? '',
  }));
  const issues = said.filter(({ text }) => text !== '' && !isKnown(text)).map(unknownCode);
  const [accept = '', application = ''] = said.map(({ text }) => text);
  if (!isKnown(accept) && !isKnown(application)) return { issues };
  return { asked: { accept: codeOf(accept), application: codeOf(application) }, issues };
}

/** Whether an answer with this code of original mode is asked for. */
export function wants(when: AskedWhen, code: 'AA' | 'AE' | 'AR'): boolean {
  if (when === 'ER') return code !== 'AA';
  return when === 'AL' || (when === 'SU' && code === 'AA');
}

function isKnown(text: string): text is AskedWhen {
  return text === 'AL' || text === 'NE' || text === 'ER' || text === 'SU';
}

function codeOf(text: string): AskedWhen {
  if (isKnown(text)) return text;
  return text === '' ? 'NE' : 'AL';
}

function unknownCode({ place }: { readonly place: string }): Issue {
  const diagnostics = `${place} is not AL, NE, ER or SU (HL7 table 0155)`;
  return { code: 'value', severity: 'warning', diagnostics, location: place };
}
