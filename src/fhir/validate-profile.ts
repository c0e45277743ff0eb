/** Validation against profiles, beside that against base R4 (validate.ts): http://hl7.org/fhir/R4/profiling.html. */
import { limits } from '../limits.ts';
import { errorIssue, type Issue } from './issue.ts';
import type { IssueCode } from './issue-table.ts';
import { fitsPattern, isSame } from './json-pattern.ts';
import { isError } from './outcome.ts';
import { boundIssue } from './profile-binding.ts';
import {
  hasMember,
  itemsOf,
  memberPlace,
  referredType,
  resourceItem,
  type Item,
} from './profile-item.ts';
import { profileType, sliceFor, slicingOf, type SliceContext } from './profile-slice.ts';
import type { Resource } from './resource.ts';
import type { Profile, ProfileElement, ProfileType } from './snapshot.ts';
import { meetsRule } from './validate-rules.ts';

type Members = Readonly<Record<string, unknown>>;

/** Profiles and value sets at hand. */
export interface ProfileSource {
  profile(canonical: string): Profile | undefined;
  /** Whether a code is in a value set; undefined where that cannot be told. */
  contains(valueSet: string, system: string | undefined, code: string): boolean | undefined;
}

/**
 * What of a resource breaks a profile: cardinality, types, fixed values and patterns, bindings, lengths, slices, constraints,
 * and the profiles of types in turn. Errors are of 422; what cannot be told is a warning. What base R4 asks for is not looked
 * at. At most limits.profileIssuesMax issues.
 */
export function profileIssues(
  resource: Resource,
  profile: Profile,
  source: ProfileSource,
): readonly Issue[] {
  const item = resourceItem(resource, resource.resourceType);
  if (!item) return [];
  return new ProfileRun(profile.url, resource, source).check(profile, item);
}

class ProfileRun {
  readonly #issues: Issue[] = [];
  readonly #told = new Set<string>();
  readonly #url: string;
  readonly #root: Members;
  readonly #source: ProfileSource;
  readonly #depth: number;
  readonly #slices: SliceContext;

  // Where it is, and how deep in profiles of types.
  constructor(url: string, root: Members, source: ProfileSource, depth = 0) {
    this.#url = url;
    this.#root = root;
    this.#source = source;
    this.#depth = depth;
    this.#slices = {
      root,
      profile: (canonical) => source.profile(canonical),
      isBound: (item, valueSet) => {
        const fault = boundIssue(item, { strength: 'required', valueSet }, source);
        return fault?.code === 'not-supported' ? undefined : fault === undefined;
      },
      conforms: (item, canonical) => !this.#nested(item, canonical).some(isError),
    };
  }

  check({ type, root }: Profile, item: Item): readonly Issue[] {
    if (type === item.type) this.#checkElement(root, item);
    else this.#tell('invariant', item.place, `The profile is for ${type}, not for ${item.type}`);
    return this.#issues;
  }

  #checkElement(element: ProfileElement, item: Item): void {
    this.#checkValue(element, item);
    for (const rule of element.rules.values()) {
      const root = this.#root;
      if (meetsRule(rule.expression, { value: item.value, type: item.type, root })) continue;
      const text = `Constraint ${rule.key} not met: ${rule.human}`;
      this.#tell('invariant', item.place, text, rule.severity);
    }
    this.#checkTypes(element, item);
    for (const child of element.children.values()) this.#checkMember(child, item);
  }

  #checkValue(element: ProfileElement, item: Item): void {
    const { fixed, pattern, maxLength, binding } = element;
    const { value, place } = item;
    if (fixed !== undefined && !isSame(value, fixed)) {
      this.#tell('invariant', place, 'The value is not the one that is fixed');
    }
    if (pattern !== undefined && !fitsPattern(value, pattern)) {
      this.#tell('invariant', place, 'The value does not fit the pattern');
    }
    if (maxLength !== undefined && typeof value === 'string' && value.length > maxLength) {
      this.#tell('invariant', place, `The text is longer than ${maxLength}`);
    }
    const fault = binding && boundIssue(item, binding, this.#source);
    if (fault) this.#tell(fault.code, place, fault.text, fault.severity);
  }

  #checkTypes({ name, types = [] }: ProfileElement, item: Item): void {
    // Base R4 knows the one type of a primitive better: it says `string` of an Extension.url.
    if (!name.endsWith('[x]') && /^[a-z]/.test(item.type)) return;
    const own = types.filter(({ code }) => code === item.type || isGroup(code));
    if (types.length > 0 && own.length === 0 && !types.some(({ code }) => isAny(code))) {
      const wanted = types.map(({ code }) => code).join(', ');
      this.#tell('invariant', item.place, `The value is a ${item.type}; it must be ${wanted}`);
    }
    this.#checkTargets(own, item);
    const profiles = own.flatMap((type) => type.profiles);
    if (profiles.length > 0 && own.every((type) => type.profiles.length > 0)) {
      this.#checkProfiles(profiles, item);
    }
  }

  #checkTargets(types: readonly ProfileType[], { type, value, place }: Item): void {
    const targets = types.flatMap((each) => each.targets);
    if (type !== 'Reference' || targets.length === 0) return;
    const wanted = targets.map((url) => profileType(url, this.#slices));
    const target = referredType(value, this.#root);
    if (target === undefined || wanted.includes(undefined) || wanted.includes('Resource')) return;
    if (wanted.includes(target)) return;
    this.#tell('reference-target', place, `A reference to ${target} is not allowed here`);
  }

  /** One of them is enough. */
  #checkProfiles(profiles: readonly string[], item: Item): void {
    const [first, ...others] = profiles.map((url) => this.#nested(item, url));
    if (!first || [first, ...others].some((issues) => !issues.some(isError))) return;
    for (const issue of first) this.#add(issue);
  }

  /** What a value breaks of another profile. */
  #nested(item: Item, canonical: string): readonly Issue[] {
    const profile = this.#source.profile(canonical);
    if (!profile || this.#depth >= limits.profileDepthMax) return [];
    // References to contained resources are of the resource that holds them.
    const isEntry = item.key === 'resource' && item.shape?.type.kind === 'resource';
    const root = isEntry ? (item.value as Members) : this.#root;
    return new ProfileRun(profile.url, root, this.#source, this.#depth + 1).check(profile, item);
  }

  #checkMember(child: ProfileElement, parent: Item): void {
    if (!hasMember(parent, child.name)) return;
    const items = itemsOf(parent, child.name);
    const place = memberPlace(parent, child.name);
    this.#checkCount(child, items.length, place);
    for (const item of items) this.#checkElement(child, item);
    if (child.slices.size > 0) this.#checkSlices(child, items, place);
  }

  #checkCount(
    { min = 0, max = Infinity, sliceName }: ProfileElement,
    count: number,
    place: string,
  ) {
    const what = sliceName === undefined ? '' : ` of the slice ${sliceName}`;
    if (count < min) this.#tell('required', place, `At least ${min}${what} needed, not ${count}`);
    if (count > max) this.#tell('invariant', place, `At most ${max}${what} allowed, not ${count}`);
  }

  #checkSlices(element: ProfileElement, items: readonly Item[], place: string): void {
    const slicing = slicingOf(element);
    const names = [...element.slices.keys()];
    const counts = new Map<string, number>();
    let last = -1;
    let isRest = false;
    for (const item of items) {
      const name = sliceFor(element, slicing, item, this.#slices);
      const slice = name === undefined ? undefined : element.slices.get(name);
      if (!slice || name === undefined) {
        isRest = true;
        if (slicing.rules === 'closed')
          this.#tell('invariant', item.place, 'The value is of no slice');
        continue;
      }
      if (isRest && slicing.rules === 'openAtEnd') {
        this.#tell('invariant', item.place, 'Values of no slice come last');
      }
      if (slicing.ordered && names.indexOf(name) < last) {
        this.#tell('invariant', item.place, `The slice ${name} comes earlier`);
      }
      last = Math.max(last, names.indexOf(name));
      counts.set(name, (counts.get(name) ?? 0) + 1);
      this.#checkElement(slice, item);
    }
    if (slicing.discriminators.length === 0) return;
    for (const [name, slice] of element.slices)
      this.#checkCount(slice, counts.get(name) ?? 0, place);
  }

  #tell(code: IssueCode, place: string, text: string, severity: Issue['severity'] = 'error'): void {
    const issue = errorIssue(code, `${text} (${this.#url})`, { expression: [place] });
    this.#add({ ...issue, severity });
  }

  #add(issue: Issue): void {
    const key = `${issue.expression?.[0] ?? ''} ${issue.diagnostics}`;
    if (this.#told.has(key) || this.#issues.length >= limits.profileIssuesMax) return;
    this.#told.add(key);
    this.#issues.push(issue);
  }
}

function isGroup(code: string): boolean {
  return code === 'BackboneElement' || code === 'Element';
}

function isAny(code: string): boolean {
  return code === 'Resource' || code === 'DomainResource';
}
