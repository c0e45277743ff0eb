import type { SearchNode } from '../../fhir/search-ast.ts';
import type { EncodingCharacters } from '../../hl7v2/message.ts';
import type { MessageFilter } from './message-filter.ts';

/** One receiver of HL7 v2 messages; from a `*.destination.yaml` of the site (destination-file.ts). */
export interface Destination {
  readonly name: string;
  readonly title: string;
  readonly host: string;
  readonly port: number;
  /** Absent: plain MLLP. */
  readonly tls?: ClientTls;
  /** MSH-3 and MSH-4, MSH-5 and MSH-6 of what is made for it. */
  readonly sending: Party;
  readonly receiving: Party;
  /** MSH-12 of what is made for it. */
  readonly version: string;
  /** MSH-11. */
  readonly processingId: string;
  /** MSH-18, a name of HL7 table 0211; absent: UNICODE UTF-8. */
  readonly charset?: string;
  readonly encoding: EncodingCharacters;
  /** IANA zone in which times are written; absent: as the resources have them. */
  readonly zone?: string;
  /** System URI by namespace id, for identifiers and authorities. */
  readonly authorities: ReadonlyMap<string, string>;
  /** Which resources it gets, and by which map. */
  readonly sends: readonly SendRule[];
  /** Which messages are passed on to it as they came. */
  readonly passes: readonly PassRule[];
  /** The feeds by which this very system speaks: what came by them is not sent back to it. */
  readonly feeds: readonly string[];
  /** What came from it is sent back to it all the same. */
  readonly echo: boolean;
  /** Which answer settles a message. */
  readonly ack: AckWanted;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
  readonly retry: RetryPolicy;
  /** Whether what is held stops what comes after it, or is put aside. */
  readonly whenHeld: 'block' | 'aside';
  readonly maintenance: readonly MaintenanceWindow[];
}

/** Application and facility of a header; either may be empty. */
export interface Party {
  readonly application: string;
  readonly facility: string;
}

/** PEM texts, and the name that the receiver's certificate must have. */
export interface ClientTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
}

/** `original`: AA, AE, AR. `accept`: CA, CE, CR. `application`: AA, AE, AR after CA. */
export type AckWanted = 'original' | 'accept' | 'application';

export interface SendRule {
  readonly type: string;
  readonly where: SearchNode;
  /** An out-map's name. */
  readonly map: string;
}

export interface PassRule {
  /** By feed name; empty: any. */
  readonly feeds: readonly string[];
  readonly only: MessageFilter;
  readonly except: MessageFilter;
  /** `received`: whatever becomes of it here. `processed`: once it is in the record. */
  readonly when: 'received' | 'processed';
  /** Whether MSH-3/4 and MSH-5/6 become the destination's; else it goes byte for byte. */
  readonly rewrite: readonly ('sending' | 'receiving')[];
}

export interface RetryPolicy {
  /** The pause after the first failure; it doubles. */
  readonly firstMs: number;
  readonly mostMs: number;
  /** How often a message is sent again after AE or CE, before it is held. */
  readonly errorsMax: number;
  /** Failures in a row after which the destination counts as away. */
  readonly breakAfter: number;
}

/** A time of the wall clock in which nothing is sent; one that ends before it begins goes past midnight. */
export interface MaintenanceWindow {
  /** 1 is Monday; empty: every day. The day is that of its beginning. */
  readonly weekdays: readonly number[];
  /** Minutes after midnight. */
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly zone: string;
}
