import { userInfo } from 'node:os';

/** Who is at this machine; a container may run under a number that has no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}
