import { claimHolds } from '../expectation.ts';
import { CommitRefused, type Commit } from '../store.ts';
import type { Statements } from './statements.ts';

/** Unique keys and who holds them. */
export function openClaims(statements: Statements) {
  const ownerOf = statements.value<string>('SELECT owner FROM claim WHERE key = ?');
  const take = statements.write(
    `INSERT INTO claim (key, owner) VALUES (?, ?) ON CONFLICT DO UPDATE SET owner = excluded.owner`,
  );
  const release = statements.write('DELETE FROM claim WHERE key = ?');
  return {
    /** Releases first, so that one commit can hand a key on. */
    apply({ claims = [], releases = [] }: Pick<Commit, 'claims' | 'releases'>): void {
      for (const key of releases) release(key);
      for (const [index, claim] of claims.entries()) {
        const owner = ownerOf(claim.key);
        if (owner !== undefined && !claimHolds(claim, owner)) {
          throw new CommitRefused({ kind: 'claim', index, owner });
        }
        if (owner !== claim.owner) take(claim.key, claim.owner);
      }
    },
    owners(keys: readonly string[]): ReadonlyMap<string, string> {
      const owners = new Map<string, string>();
      for (const key of keys) {
        const owner = ownerOf(key);
        if (owner !== undefined) owners.set(key, owner);
      }
      return owners;
    },
  };
}
