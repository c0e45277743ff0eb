/**
 * What tests look at in an answer. Nothing is marked optional: a test that looks where nothing is fails, as
 * it should.
 */
export interface Shown {
  readonly resourceType: string;
  readonly id: string;
  readonly meta: {
    readonly versionId: string;
    readonly lastUpdated: string;
    readonly tag: readonly { readonly code: string }[];
  };
  readonly text: { readonly div: string };
  readonly name: readonly { readonly family: string; readonly given: readonly string[] }[];
  readonly active: boolean;
  readonly gender: string;
  readonly data: string;
  readonly maritalStatus: unknown;
  readonly subject: { readonly reference: string };
  readonly hasMember: readonly { readonly reference: string }[];
  readonly content: readonly { readonly attachment: { readonly url: string } }[];
  readonly issue: readonly ShownIssue[];
  readonly type: string;
  readonly total: number;
  readonly link: readonly { readonly relation: string; readonly url: string }[];
  readonly entry: readonly ShownEntry[];
  readonly parameter: readonly { readonly name: string; readonly part: readonly unknown[] }[];
}

export interface ShownEntry {
  readonly fullUrl: string;
  readonly resource: Shown;
  readonly search: { readonly mode: string };
  readonly request: { readonly method: string; readonly url: string };
  readonly response: {
    readonly status: string;
    readonly location: string;
    readonly etag: string;
    readonly lastModified: string;
    readonly outcome: { readonly issue: readonly ShownIssue[] };
  };
}

export interface ShownIssue {
  readonly severity: string;
  readonly code: string;
  readonly diagnostics: string;
  readonly expression: readonly string[];
  readonly details: { readonly coding: readonly { readonly code: string }[] };
}

/** The address of a link of a Bundle. */
export function linkOf({ link }: Shown, relation: string): string | undefined {
  return link.find((one) => one.relation === relation)?.url;
}

/** The logical ids on a page, in its order. */
export function idsOf({ entry }: Partial<Shown>): readonly string[] {
  return (entry ?? []).map(({ resource }) => resource.id);
}
