/**
 * Calls to addresses that a caller of ours named: where a Subscription sends, what an import fetches. Whoever names
 * an address must not reach through us what only we can reach (server-side request forgery): only http and https,
 * no credentials in the address, no private, loopback or link-local machine unless the operator allows it; the
 * address that was looked at is the one connected to; redirects are not followed; size and time are bounded.
 */
import { lookup } from 'node:dns';
import type { LookupAddress } from 'node:dns';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP } from 'node:net';
import type { LookupFunction } from 'node:net';

export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Silence for this long ends the call. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets go of the connection without reading what is left. */
  readonly drop: () => void;
}

export interface Outbound {
  /** Why an address will never be called, as a sentence; undefined where it may be (its name is resolved later). */
  objection(url: string): string | undefined;
  /** Rejects with {@link OutboundRefused} where the address is none to call, or with what the network says. */
  send(request: OutboundRequest): Promise<OutboundAnswer>;
}

/** The address is not one that Weir calls; trying again does not help. */
export class OutboundRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'OutboundRefused';
  }
}

/** Gives every address of a name. */
type Resolve = (
  hostname: string,
  options: { readonly all: true; readonly family: number | 'IPv4' | 'IPv6' },
  callback: (error: Error | null, found: LookupAddress[]) => void,
) => void;

/** `allowed`: addresses and CIDR ranges, separated by commas or blanks, that may be called although they are private. */
export function createOutbound(allowed: string, resolve: Resolve = lookup): Outbound {
  const allowList = readAllowed(allowed);
  const mayCall = (address: string): boolean => isPublic(address) || isIn(allowList, address);
  const pinned: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { all: true, family: options.family ?? 0 }, (error, found) => {
      if (error !== null) return callback(error, '');
      const refused = found.length === 0 || !found.every(({ address }) => mayCall(address));
      if (refused) return callback(new OutboundRefused(privateText), '');
      if (options.all === true) return callback(null, found);
      const [first] = found as [LookupAddress];
      return callback(null, first.address, first.family);
    });
  };
  const objection = (url: string): string | undefined => objectionTo(url, mayCall);
  return {
    objection,
    send: async (request) => {
      const refusal = objection(request.url);
      if (refusal !== undefined) throw new OutboundRefused(refusal);
      return call(request, pinned);
    },
  };
}

const privateText = 'The address leads to a private, loopback or link-local machine';

function objectionTo(url: string, mayCall: (address: string) => boolean): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null) return 'The address is not a URL';
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    return 'Only http and https addresses are called';
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return 'Credentials do not belong into an address';
  }
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !mayCall(host)) return privateText;
  if (/(^|\.)localhost\.?$/i.test(host) && !mayCall('127.0.0.1')) return privateText;
  return undefined;
}

function call(request: OutboundRequest, pinned: LookupFunction): Promise<OutboundAnswer> {
  const { method, url, headers = {}, body, timeoutMs, signal } = request;
  const payload = body === undefined ? undefined : Buffer.from(body);
  const options: RequestOptions = {
    method,
    headers: {
      ...headers,
      ...(payload === undefined ? {} : { 'content-length': String(payload.length) }),
    },
    lookup: pinned,
    timeout: timeoutMs,
    agent: false,
    ...(signal === undefined ? {} : { signal }),
  };
  return new Promise((resolve, reject) => {
    const open = url.startsWith('https:') ? httpsRequest : httpRequest;
    const sent = open(url, options, (answer) => resolve(answered(answer)));
    sent.on('timeout', () => sent.destroy(new Error(`Nothing was heard for ${timeoutMs} ms`)));
    sent.on('error', reject);
    // A peer that sends its headers byte by byte is not silent, and yet must come to an end.
    const deadline = setTimeout(() => {
      sent.destroy(new Error(`No answer within ${timeoutMs} ms`));
    }, timeoutMs);
    const settle = (): void => clearTimeout(deadline);
    sent.once('response', settle);
    sent.once('close', settle);
    sent.end(payload);
  });
}

function answered(answer: IncomingMessage): OutboundAnswer {
  return {
    status: answer.statusCode ?? 0,
    body: answer as AsyncIterable<Uint8Array>,
    drop: () => {
      // What still comes after this interests nobody.
      answer.on('error', () => undefined);
      answer.destroy();
    },
  };
}

/** Whether an IP address is one of the public internet; what is written as IPv4 in IPv6 counts as that. */
function isPublic(address: string): boolean {
  return isIP(address) !== 0 && !isIn(notPublic, address);
}

function isIn(list: BlockList, address: string): boolean {
  const inner = embeddedIpv4(address);
  if (inner !== undefined) return list.check(inner, 'ipv4');
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** `::ffff:7f00:1`, `64:ff9b::7f00:1` and `2002:7f00:1::` hold an IPv4 address. */
function embeddedIpv4(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const plain = URL.parse(`http://[${address.replace(/%.*$/, '')}]/`)?.hostname ?? '';
  const mapped = /^\[(?:::ffff:(?:0:)?|::|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(plain);
  const found = mapped ?? /^\[2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):/.exec(plain);
  if (found === null) return undefined;
  const [high, low] = [parseInt(found[1] ?? '', 16), parseInt(found[2] ?? '', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** https://www.iana.org/assignments/iana-ipv4-special-registry and the same of IPv6. */
const notPublic = blockListOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '::1/128',
  '100::/64',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]);

function readAllowed(text: string): BlockList {
  return blockListOf(text.split(/[\s,]+/).filter((part) => part !== ''));
}

/** Throws a sentence where one is neither an address nor a range. */
function blockListOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    const prefix = bits === undefined ? most : Number(bits);
    if (isIP(address) === 0 || !Number.isInteger(prefix) || prefix < 0 || prefix > most) {
      throw new Error(`"${range}" is not an IP address or range such as 10.0.0.0/8`);
    }
    list.addSubnet(address, prefix, family);
  }
  return list;
}
