/** What a map may know besides the message. All of it is argument: the room is pure. */
export interface MappingContext {
  /** Name of the feed; part of meta.source. */
  readonly feed: string;
  /** IANA zone of the sender, for times without an offset and without MSH-7's; absent: UTC, with a remark. */
  readonly zone?: string;
  /** Arrival, as an instant; used only where the message has no time of its own. */
  readonly receivedAt: string;
  /**
   * URI of an assigning authority. `namespace` is HD.1, `universalId`/`universalIdType` HD.2/HD.3. Given the
   * sender's (MSH-4) where the field has none.
   */
  readonly authority: (hd: AssigningAuthority) => string;
  /** The map's settings, by name, where a feed overrides a default. */
  readonly settings: Readonly<Record<string, string | boolean | number>>;
}

export interface AssigningAuthority {
  readonly namespace: string;
  readonly universalId: string;
  readonly universalIdType: string;
}
