import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApp } from '../e2e/running-app.ts';
import type { RunningApp } from '../e2e/running-app.ts';
import { buildJavaProgram } from '../java-program.ts';
import { realStores } from './real-stores.ts';
import { hapiProject, takeHapiTour } from './hapi-tour.ts';

/** The tour of test/clients/hapi over a real socket, with the client that Java programs use. */
const built = build();

function build(): { readonly program?: string; readonly missing: string } {
  try {
    return { program: buildJavaProgram(hapiProject, 'hapi-tour.jar'), missing: '' };
  } catch (error) {
    if (process.env['WEIR_REQUIRE_MONGODB'] === '1') throw error;
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

describe.each(realStores)("HAPI's Java client on %s", (_name, store) => {
  const { program } = built;
  if (program === undefined) {
    it.skip(`(${built.missing})`, () => undefined);
    return;
  }
  let running: RunningApp;
  beforeAll(async () => {
    running = await runApp({ store });
  });
  afterAll(() => running.close());

  it('takes every step of the tour', { timeout: 60_000 }, async () => {
    const steps = await takeHapiTour(
      program,
      `${running.app.http}/fhir`,
      await running.token('admin'),
    );
    expect(steps.filter((step) => !step.startsWith('ok '))).toEqual([]);
    expect(steps).toHaveLength(11);
  });
});
