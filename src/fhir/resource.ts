/**
 * JSON as FHIR uses it. A number whose source text is not its shortest form (`1.00`, 20 digits) is held
 * as a raw JSON value (`JSON.rawJSON`), so that it is written back to the digit; see decimal.ts.
 */
export type Json = string | number | boolean | null | RawNumber | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** What `JSON.rawJSON(text)` returns for a number. */
export interface RawNumber {
  readonly rawJSON: string;
}

/** A FHIR resource as plain JSON. Use the types of @medplum/fhirtypes where one kind is meant. */
export interface Resource {
  readonly resourceType: string;
  readonly id?: string;
  readonly meta?: Meta;
  readonly [key: string]: unknown;
}

export interface Meta {
  readonly versionId?: string;
  readonly lastUpdated?: string;
  readonly source?: string;
  readonly profile?: readonly string[];
  readonly security?: readonly Coding[];
  readonly tag?: readonly Coding[];
  readonly [key: string]: unknown;
}

export interface Coding {
  readonly system?: string;
  readonly version?: string;
  readonly code?: string;
  readonly display?: string;
  readonly [key: string]: unknown;
}

/** A resource that has its logical id. */
export type IdentifiedResource = Resource & { readonly id: string };
