/** One step of a FHIR element path: `name`, or `extension(URL)`. */
export interface ElementStep {
  /** Without `[x]`. */
  readonly name: string;
  /** `value[x]`: the type is added when it is known. */
  readonly choice: boolean;
  readonly url?: string;
}

const stepForm = /^([A-Za-z][A-Za-z0-9]*)(\[x\])?(?:\(([^()\s]+)\))?$/;

/** `type.coding.code`, `value[x]`, `extension(URL).valueString`; undefined where the text is no such path. */
export function parseElementPath(text: string): readonly ElementStep[] | undefined {
  const steps: ElementStep[] = [];
  for (const part of splitOutsideParentheses(text)) {
    const match = stepForm.exec(part);
    if (!match) return undefined;
    const [, name = '', choice, url] = match;
    if (url !== undefined && name !== 'extension' && name !== 'modifierExtension') return undefined;
    steps.push({ name, choice: choice !== undefined, ...(url !== undefined && { url }) });
  }
  return steps.length === 0 ? undefined : steps;
}

function splitOutsideParentheses(text: string): string[] {
  return text.match(/(?:[^.()]|\([^()]*\))+/g)?.join('.') === text
    ? (text.match(/(?:[^.()]|\([^()]*\))+/g) ?? [])
    : [text];
}
