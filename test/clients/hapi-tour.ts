import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const hapiProject = join(import.meta.dirname, 'hapi');

/** Steps of the tour with how they ended, as `ok NAME` or `failed NAME: why`. */
export async function takeHapiTour(
  program: string,
  base: string,
  token: string,
): Promise<readonly string[]> {
  const quick = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const child = spawn('java', [...quick, '-jar', program, base, token], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const steps: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) steps.push(line);
  return steps;
}
