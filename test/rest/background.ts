import { expect, vi } from 'vitest';
import { limits } from '../../src/limits.ts';
import type { CallAnswer, CallOptions, FhirApp } from './fhir-app.ts';

export const async = { prefer: 'respond-async' };

/** The address below the base that Content-Location leads to. */
export function statusAddress(answer: CallAnswer): string {
  expect(answer.text).toBe('');
  expect(answer.status).toBe(202);
  return (answer.headers['content-location'] ?? '').split('/fhir')[1] ?? '';
}

/** Asks again until the work is no longer under way. */
export async function finished(
  fhir: FhirApp,
  address: string,
  options: CallOptions = {},
): Promise<CallAnswer> {
  for (let i = 0; i < 1500; i++) {
    const answer = await fhir.call('GET', address, options);
    if (answer.status !== 202) return answer;
    expect(answer.headers['x-progress']).toBeTypeOf('string');
    expect(answer.headers['retry-after']).toBe('1');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('The work does not come to an end');
}

/** Begins, waits, and gives what the status address says at last. */
export async function carriedOut(
  fhir: FhirApp,
  method: string,
  url: string,
  options: CallOptions = {},
): Promise<CallAnswer> {
  const headers = { ...async, ...options.headers };
  const answer = await fhir.call(method, url, { ...options, headers });
  const token = options.token === undefined ? {} : { token: options.token };
  return finished(fhir, statusAddress(answer), token);
}

/** Until what is given is called, an interval of backgroundPollMs is one of 20 ms: work that is tried again does not wait. */
export function hurried(): () => void {
  const hurry = setInterval(() => vi.advanceTimersByTime(limits.backgroundPollMs), 20);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  return () => {
    vi.useRealTimers();
    clearInterval(hurry);
  };
}

export function linesOf(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
