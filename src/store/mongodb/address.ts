/** Whether a store is named by the address of a MongoDB server. */
export function isMongoUrl(text: string): boolean {
  return /^mongodb(\+srv)?:\/\//.test(text);
}

/** An address as it may be shown: without user name and password, and without its options. */
export function withoutPassword(text: string): string {
  // Up to the last `@`: an address that is not well formed may hold a password with anything in it.
  return text.replace(/(mongodb(?:\+srv)?:\/\/)\S*@/g, '$1').replace(/\?\S*/g, '');
}

/** The database in the path; `weir` where there is none. */
export function databaseOf(url: string): string {
  const name = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(url)?.[1];
  return name === undefined ? 'weir' : decodeURIComponent(name);
}
