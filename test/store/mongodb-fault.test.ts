import { MongoNetworkError, MongoServerError } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { OutcomeError } from '../../src/fhir/issue.ts';
import { isTransient, translateFault } from '../../src/store/mongodb/fault.ts';

function server(code: number, codeName: string, labels: readonly string[] = []): MongoServerError {
  const message = `${codeName}: { name: "Anna Secret" }`;
  return new MongoServerError({
    message,
    code,
    codeName,
    errorLabels: [...labels],
  });
}

describe('what the MongoDB driver throws', () => {
  it.each([
    [server(14_031, 'OutOfDiskSpace'), 'storage-full', false],
    [server(112, 'WriteConflict', ['TransientTransactionError']), 'transient', true],
    [server(50, 'MaxTimeMSExpired'), 'transient', true],
    [server(10_107, 'NotWritablePrimary'), 'transient', true],
    [server(11_000, 'DuplicateKey'), 'exception', false],
    [server(13, 'Unauthorized'), 'exception', false],
    [server(10_334, 'BSONObjectTooLarge'), 'limit', false],
    [new MongoNetworkError('connection 3 to 10.0.0.1:27017 closed'), 'transient', true],
  ] as const)('%s is %s', (error, code, again) => {
    const fault = translateFault(error);
    expect(fault).toBeInstanceOf(OutcomeError);
    expect((fault as OutcomeError).issues).toMatchObject([{ code }]);
    expect(isTransient(error)).toBe(again);
    // Servers quote documents in their messages: nothing of that goes on, not even to the log.
    const told = JSON.stringify([fault.message, (fault as OutcomeError).issues, fault.cause]);
    expect(told).not.toMatch(/Secret|10\.0\.0\.1/);
  });

  it('that is none of the driver passes as it is', () => {
    const error = new TypeError('x');
    expect(translateFault(error)).toBe(error);
    expect(translateFault('x')).toBeInstanceOf(Error);
    expect(isTransient(error)).toBe(false);
  });
});
