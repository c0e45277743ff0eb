/** Who calls, as a value that is handed on; there is no ambient user. */
export interface Principal {
  /** Stable id: a user name, or `token:<jti>`. */
  readonly id: string;
  readonly display: string;
  readonly role: Role;
  /** Confines the principal to one Patient compartment. */
  readonly patient?: string;
}

/** The roles of `weir token --role`. */
export const roles = [
  'admin',
  'analyst',
  'clinician',
  'nurse',
  'frontdesk',
  'billing',
  'integration',
  'app',
] as const;
export type Role = (typeof roles)[number];
