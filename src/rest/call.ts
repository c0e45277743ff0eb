import type { Readable } from 'node:stream';
import type { FastifyBaseLogger } from 'fastify';
import type { Issue } from '../fhir/issue.ts';
import type { JsonObject, Resource } from '../fhir/resource.ts';
import type { KeyedOrder } from '../ops/keyed-order.ts';
import type { Outbound } from '../ops/outbound.ts';
import type { AccessEvent } from '../security/audit-event.ts';
import type { Interaction } from '../security/policy.ts';
import type { Principal } from '../security/principal.ts';
import type { Store, StoredVersion } from '../store/store.ts';
import type { NewWork, Work } from './background/work.ts';
import type { PageSeal } from './page-seal.ts';

/** One FHIR call as a value, whether it came by HTTP or as an entry of a Bundle. */
export interface Call {
  readonly principal: Principal;
  readonly requestId: string;
  readonly method: string;
  /** The address below the base without the query, such as `Patient/1/_history`. */
  readonly path: string;
  readonly at: Place;
  /** Search parameters in the order they were given. */
  readonly params: Params;
  /** Header values by lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** JSON text as received, or the resource of a Bundle entry. */
  readonly body?: string | JsonObject;
  /** Of a Bundle: aborts, with an OutcomeError, when work on it is of no use any more. */
  readonly ended?: AbortSignal;
}

/** Who asks, which is all that some of the work needs to know of a call. */
export type Caller = Pick<Call, 'principal'>;

/** What the variable parts of a route's address hold. */
export interface Place {
  readonly type?: string;
  readonly id?: string;
  readonly versionId?: string;
  /** The second type of `Patient/1/Observation`. */
  readonly member?: string;
  /** One file of a result. */
  readonly file?: string;
}

export type Params = readonly (readonly [name: string, value: string])[];

/** What an interaction answers; respond.ts puts it on the wire, batch.ts into an entry. */
export interface Answer {
  readonly status: number;
  /** FHIR JSON as text; absent where the answer has no body. */
  readonly body?: string;
  /** The version shown or made: gives ETag and Last-Modified. */
  readonly version?: StoredVersion;
  /** Whether `version` was written by this call: its body is then shown as the caller prefers. */
  readonly written?: boolean;
  /** Every stored version that the body shows, for the audit event. */
  readonly shown?: readonly StoredVersion[];
  /** Whether Location is said: something was created. */
  readonly created?: boolean;
  /** An ETag of the body where it is not a version's. */
  readonly etag?: string;
  /** Remarks that go into the outcome of the entry or body. */
  readonly issues?: readonly Issue[];
  /** Bytes that are not FHIR: a Binary in its own format. */
  readonly raw?: { readonly contentType: string; readonly bytes: Uint8Array };
  /** Text that is made while it is sent. */
  readonly stream?: {
    readonly contentType: string;
    readonly text: AsyncIterable<string> | Readable;
  };
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What every interaction may use; built once by plugin.ts. */
export interface RestContext {
  readonly store: Store;
  readonly clock: () => Date;
  readonly newId: () => string;
  /** Absolute address of the FHIR base, without a slash at the end. */
  readonly baseUrl: string;
  /** Whether pages of other origins may call. */
  readonly cors: boolean;
  readonly seal: PageSeal;
  /** Whether resources stored earlier are still being indexed by a search parameter of their type. */
  readonly isUnfinished: (type: string, param: string) => boolean;
  /** Writes that are made of the current version take turns, by `Type/id`; conditional updates, by their condition. */
  readonly turns: KeyedOrder;
  readonly log: FastifyBaseLogger;
  /** Profiles, code systems, value sets and concept maps of the program and the site. */
  readonly conformance: readonly Resource[];
  /** Takes the audit event of a read; writes carry theirs in the commit. */
  readonly recordAccess: (event: AccessEvent) => Promise<void> | undefined;
  /** The whole table; the CapabilityStatement is made from it. */
  readonly routes: readonly Route[];
  /** The route of an address. Throws `unknown-route`, `method-not-allowed`. */
  readonly locate: (method: string, path: string) => { readonly route: Route; readonly at: Place };
  /** Calls the addresses that callers name. */
  readonly outbound: Outbound;
  /** Where exports, imports and asynchronous requests are carried out. */
  readonly background: { readonly take: (call: Call, work: NewWork) => Promise<Work> };
  /** Opens the event stream of a subscription. */
  readonly listen: (call: Call) => Promise<Answer>;
  /** Performs another call with the same rules; entries of a Bundle come in here. */
  readonly perform: (call: Omit<Call, 'at'>) => Promise<Answer>;
}

export type Handler = (context: RestContext, call: Call) => Promise<Answer>;

/** One row of the route table. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Address below the base; `:type`, `:id`, `:versionId` and `:member` are variable. */
  readonly url: string;
  /** What the policy is asked for. */
  readonly interaction: Interaction;
  readonly handle: Handler;
  /** Whether the answer shows stored data, so that an audit event of the access is due. */
  readonly reads?: boolean;
  /** Answers without a token. */
  readonly open?: boolean;
  /** Answers in a format of its own: Accept does not matter. */
  readonly ownFormat?: boolean;
  /** Always works in the background, and says itself whether Prefer asks for that. */
  readonly background?: boolean;
}

/** The last value of a parameter; undefined where it is not given. */
export function paramOf(params: Params, name: string): string | undefined {
  return params.findLast(([given]) => given === name)?.[1];
}
