import { isObject, textOf, type Place } from './place.ts';
import {
  at,
  hdComponent,
  mark,
  orNothing,
  say,
  type HdParts,
  type Manner,
  type Write,
} from './say.ts';
import { dtmText } from './write-time.ts';

const identifierTypes = 'http://terminology.hl7.org/CodeSystem/v2-0203';

/** Identifier, or our own id, as CX. */
export const writeCx: Write = (place, manner) => {
  if (!isObject(place.value)) {
    const id = ownId(place, manner);
    return id && [id, undefined, undefined, hdComponent(manner.own), 'PI'];
  }
  const value = say('value', place, manner);
  if (value === '') return undefined;
  const day = (path: string): string | undefined => {
    const text = say(path, place, manner);
    return dtmText(text, manner)?.slice(0, 8);
  };
  return [
    value,
    undefined,
    undefined,
    hdComponent(authorityOf(place, manner)),
    typeOf(place, manner),
    undefined,
    day('period.start'),
    day('period.end'),
  ];
};

/** Identifier, or our own id, as EI: its place says of which kind it is. */
export const writeEi: Write = (place, manner) => {
  if (!isObject(place.value)) {
    const id = ownId(place, manner);
    const { namespace, universalId, universalIdType } = manner.own;
    return id && [id, namespace, universalId, universalIdType];
  }
  if ('identifier' in place.value) {
    const [identifier] = at('identifier', place, manner);
    return identifier && writeEi(identifier, manner);
  }
  const value = say('value', place, manner);
  if (value === '') return undefined;
  mark('type', place, manner);
  const { namespace, universalId, universalIdType } = authorityOf(place, manner);
  return [value, namespace, universalId, universalIdType];
};

/** Reference to an organization, or the organization, as XON. */
export const writeXon: Write = (place, manner) => {
  const [resource = place] = at('->Organization', place, manner);
  const name = say('name | display', resource, manner) || say('display', place, manner);
  const [identifier] = at('identifier', resource, manner);
  const isSaid = resource !== place;
  if (isSaid) {
    for (const part of ['reference', 'identifier', 'type']) mark(part, place, manner);
    const [display] = at('display', place, manner);
    if (display !== undefined && textOf(display.value) === name) manner.said.add(display);
  }
  if (identifier === undefined) return orNothing([name]);
  return orNothing([
    name,
    ...Array.from({ length: 4 }, () => undefined),
    hdComponent(authorityOf(identifier, manner)),
    typeOf(identifier, manner),
    undefined,
    undefined,
    say('value', identifier, manner),
  ]);
};

/** Reference to a location, or the location, as PL; a text is taken apart at its commas, as it was put together. */
export const writePl: Write = (place, manner) => {
  const [resource] = at('->Location', place, manner);
  if (resource !== undefined) {
    for (const name of ['reference', 'identifier', 'type']) mark(name, place, manner);
  }
  const [identifier] = at('identifier', resource ?? place, manner);
  const hd = identifier && authorityOf(identifier, manner);
  const facility = hd && hdComponent(hd);
  const display = say('display', place, manner) || say('name', resource ?? place, manner);
  if (display === '') {
    const value = identifier && say('value', identifier, manner);
    return orNothing([value, undefined, undefined, value && facility]);
  }
  // The number was put together from the same parts.
  if (identifier !== undefined) mark('value', identifier, manner);
  const [pointOfCare, room, bed, ...others] = placesOf(display, hd?.namespace);
  const isPlain = others.length === 0;
  return isPlain
    ? [pointOfCare, room, bed, facility]
    : [...Array.from({ length: 3 }, none), facility, ...Array.from({ length: 4 }, none), display];
};

const none = (): undefined => undefined;

function placesOf(display: string, facility: string | undefined): readonly string[] {
  const parts = display.split(',').map((part) => part.trim());
  if (parts.length > 1 && parts.at(-1) === facility) parts.pop();
  return parts;
}

function isIdentifierType(system: unknown): boolean {
  return (
    system === undefined || system === identifierTypes || /:v2-0203$/.test(textOf(system) ?? '')
  );
}

/** The type's code of table 0203, or of a sender's own that stands in its place; of another system, or a text alone, it stays unsaid. */
export function typeOf(place: Place, manner: Manner): string | undefined {
  const coding = at('type.coding', place, manner).find((one) =>
    isIdentifierType(at('system', one, manner)[0]?.value),
  );
  if (coding === undefined) return undefined;
  mark('system', coding, manner);
  mark('display', coding, manner);
  return say('code', coding, manner);
}

export function authorityOf(place: Place, manner: Manner): HdParts {
  const system = say('system', place, manner);
  const assigner = say('assigner.display', place, manner);
  if (system === '') return { namespace: assigner, universalId: '', universalIdType: '' };
  const authority = manner.authority(system);
  return authority.namespace === '' ? { ...authority, namespace: assigner } : authority;
}

function ownId(place: Place, { said }: Manner): string | undefined {
  const id = textOf(place.value);
  if (id === '') return undefined;
  said.add(place);
  return id;
}

/**
 * The authority that a system URI stands for, as `authorityUri` (feed.ts) makes URIs: by the names that are known, else
 * an OID, UUID or URI as universal id.
 */
export function hdOf(system: string, names: ReadonlyMap<string, string>): HdParts {
  const namespace = names.get(system);
  if (namespace !== undefined) return { namespace, universalId: '', universalIdType: '' };
  const local = /^urn:weir:authority:(.+)$/.exec(system)?.[1];
  if (local !== undefined) {
    return { namespace: decoded(local), universalId: '', universalIdType: '' };
  }
  const [, kind = '', id = ''] = /^urn:(oid|uuid):(.+)$/.exec(system) ?? [];
  const universalIdType = kind === 'oid' ? 'ISO' : kind === 'uuid' ? 'UUID' : 'URI';
  return { namespace: '', universalId: id === '' ? system : id, universalIdType };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
