import { OutcomeError } from '../../fhir/issue.ts';
import { StoreOpenError } from '../open-error.ts';
import { CommitRefused, type Refusal } from '../store.ts';

/** An error as plain data: threads copy what they send each other, and a copied error has lost its class. */
export type PlainError =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'issues'; readonly issues: OutcomeError['issues']; readonly cause: string }
  | { readonly kind: 'open'; readonly reason: StoreOpenError['reason']; readonly message: string }
  | { readonly kind: 'other'; readonly message: string; readonly stack: string };

export function toPlainError(error: unknown): PlainError {
  if (error instanceof CommitRefused) return { kind: 'refused', refusal: error.refusal };
  if (error instanceof OutcomeError) {
    const { issues, cause } = error;
    return { kind: 'issues', issues, cause: cause instanceof Error ? cause.message : '' };
  }
  if (error instanceof StoreOpenError) {
    return { kind: 'open', reason: error.reason, message: error.message };
  }
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'other', message, stack };
}

/** The error anew, of its class. */
export function fromPlainError(plain: PlainError): Error {
  switch (plain.kind) {
    case 'refused':
      return new CommitRefused(plain.refusal);
    case 'issues':
      return new OutcomeError(
        plain.issues,
        plain.cause === '' ? {} : { cause: new Error(plain.cause) },
      );
    case 'open':
      return new StoreOpenError(plain.reason, plain.message);
    case 'other':
      return Object.assign(new Error(plain.message), { stack: plain.stack });
  }
}
