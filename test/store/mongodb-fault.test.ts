import { MongoNetworkError, MongoServerError } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { OutcomeError } from '../../src/fhir/issue.ts';
import { isTransient, translateFault } from '../../src/store/mongodb/fault.ts';

function server(code: number, labels: readonly string[] = []): MongoServerError {
  const message = `E${code} dup key: { name: "Anna Secret" }`;
  return new MongoServerError({ message, code, errorLabels: [...labels] });
}

describe('what the MongoDB driver throws', () => {
  it.each([
    ['a conflict of two transactions', server(112, ['TransientTransactionError']), 'transient'],
    ['a session that was ended for another writer', server(11_601), 'transient'],
    ['a transaction that took longer than the server lets it', server(290), 'transient'],
    ['a command that took longer than it may', server(50), 'transient'],
    ['a cursor that the server forgot', server(43), 'transient'],
    ['a query plan that went with its index', server(175), 'transient'],
    ['a mongos that does not reach its shard', server(6), 'transient'],
    ['a shard without a primary', server(133), 'transient'],
    ['a primary that steps down', server(189), 'transient'],
    ['a member that is no primary any more', server(10_107), 'transient'],
    ['a lost connection', new MongoNetworkError('to 10.0.0.1:27017 closed'), 'transient'],
    ['a full disk', server(14_031), 'storage-full'],
    ['a document that is too large', server(10_334), 'limit'],
    ['a transaction that is too large', server(335), 'limit'],
    ['a duplicate key', server(11_000), 'exception'],
    ['a user who may not', server(13), 'exception'],
  ] as const)('%s', (_what, error, code) => {
    const fault = translateFault(error);
    expect(fault).toBeInstanceOf(OutcomeError);
    expect((fault as OutcomeError).issues).toMatchObject([{ code }]);
    expect(isTransient(error)).toBe(code === 'transient');
    // Servers quote documents in their messages: nothing of that goes on, not even to the log.
    const told = JSON.stringify([fault.message, (fault as OutcomeError).issues, fault.cause]);
    expect(told).not.toMatch(/Secret|10\.0\.0\.1/);
  });

  it('passes as it is where it is none of the driver', () => {
    const error = new TypeError('x');
    expect(translateFault(error)).toBe(error);
    expect(translateFault('x')).toBeInstanceOf(Error);
    expect(isTransient(error)).toBe(false);
  });
});
