import type { Params } from '../call.ts';

/** What an export is to give; kept with the work and never changed. */
export interface ExportTask {
  readonly level: 'system' | 'patient' | 'group';
  /** In the order of the output. */
  readonly types: readonly string[];
  /** Epoch milliseconds: only what was written then or later. */
  readonly since?: number;
  /** `_typeFilter`: of one type any of its filters will do. */
  readonly filters: readonly { readonly type: string; readonly params: Params }[];
  /** `_elements`: without a type they are of every type. */
  readonly elements: readonly string[];
  /** The Group as it was at the start. */
  readonly group?: { readonly id: string; readonly versionId: string };
  /** Patients were named: their ids are kept in so many pieces. */
  readonly patientParts?: number;
}

/** How far the count is: positions of the change feed. */
export interface ExportPosition {
  /** The seq of the commit that the export began with: what it shows is the data as of then. */
  readonly seq: number;
  readonly after: number;
  readonly files: readonly ExportFile[];
  readonly deleted: number;
}

/**
 * One file: the resources of a type whose versions stand in this stretch of the change feed. It is made when it is
 * asked for, each time to the same bytes.
 */
export interface ExportFile {
  readonly type: string;
  readonly after: number;
  readonly to: number;
  readonly count: number;
}
