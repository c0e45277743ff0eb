import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { buildJavaProgram } from '../java-program.ts';

/** One thing that HAPI's validator says of one of the resources it was given. */
export interface Verdict {
  /** Which of the resources, from 0. */
  readonly line: number;
  readonly severity: 'fatal' | 'error' | 'warning' | 'information';
  /** Of the message, such as `Terminology_PassThrough_TX_Message`. */
  readonly id: string;
  /** The element, as a FHIRPath. */
  readonly at: string;
  readonly text: string;
}

/** The program of test/validator, or why there is none. Where `WEIR_REQUIRE_MONGODB` is 1 (CI) the lack is a fault. */
export function buildValidator(): { readonly program?: string; readonly missing: string } {
  try {
    return { program: buildJavaProgram(import.meta.dirname, 'fhir-validator.jar'), missing: '' };
  } catch (error) {
    if (process.env['WEIR_REQUIRE_MONGODB'] === '1') throw error;
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * What the validator says of each resource (JSON without line breaks). One process for all: it takes some ten seconds and a
 * gibibyte to start. Throws where it ends before it has read them all.
 */
export async function validate(
  program: string,
  resources: readonly string[],
): Promise<readonly Verdict[]> {
  const quick = ['-Xmx2g', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const child = spawn('java', [...quick, '-jar', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined);
  child.stdin.end(resources.map((text) => `${text}\n`).join(''));
  const verdicts: Verdict[] = [];
  let done = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as Verdict | { readonly done: number };
    if ('done' in said) done = said.done;
    else verdicts.push(said);
  }
  if (done !== resources.length) {
    throw new Error(`The validator read ${String(done)} of ${String(resources.length)} resources`);
  }
  return verdicts;
}
