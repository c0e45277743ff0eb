import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { patientCompartment, resourceTypes } from '../../src/fhir/definitions.ts';
import { allowed, compartmentFilter, levelOf } from '../../src/security/policy.ts';
import type { Interaction } from '../../src/security/policy.ts';
import { roles } from '../../src/security/principal.ts';
import type { Principal, Role } from '../../src/security/principal.ts';
import { resourceGroup, resourceGroups } from '../../src/security/resource-group.ts';

const principal = (role: Role, patient?: string): Principal => ({
  id: 'x',
  display: 'x',
  role,
  ...(patient === undefined ? {} : { patient }),
});
/** One type of each group. */
const sample: Readonly<Record<string, string>> = {
  identity: 'Patient',
  scheduling: 'Appointment',
  encounter: 'Encounter',
  communication: 'Task',
  billing: 'Coverage',
  clinical: 'Observation',
  directory: 'Organization',
  definition: 'ValueSet',
  oversight: 'AuditEvent',
};

const groups = Object.keys(sample);

describe('policy', () => {
  it('every named type is a type of R4 and stands in one group', () => {
    const named = Object.values(resourceGroups).flat() as readonly string[];
    expect(named.filter((type) => !resourceTypes().includes(type))).toEqual([]);
    expect(new Set(named).size).toBe(named.length);
    expect(resourceGroup('Observation')).toBe('clinical');
  });

  it('docs/reference/security.md shows the table as it is', () => {
    const page = readFileSync('docs/reference/security.md', 'utf8');
    const cell = (text: string): string => (text === 'none' ? '-' : text);
    expect(page).toContain(`| role | ${groups.join(' | ')} |`);
    for (const role of roles) {
      const cells = groups.map((group) => cell(levelOf(role, sample[group] ?? '')));
      expect(page).toContain(`| ${role} | ${cells.join(' | ')} |`);
    }
    for (const types of Object.values(resourceGroups)) {
      for (const type of types) expect(page).toContain(type);
    }
  });

  it.each<[Role, Interaction, string | undefined, boolean]>([
    ['admin', 'delete', 'AuditEvent', true],
    ['admin', 'history-system', undefined, true],
    ['analyst', 'history-system', undefined, false],
    ['analyst', 'update', 'ConceptMap', true],
    ['analyst', 'update', 'Observation', false],
    ['clinician', 'create', 'Observation', true],
    ['clinician', 'delete', 'Observation', false],
    ['nurse', 'read', 'Coverage', false],
    ['frontdesk', 'read', 'Observation', false],
    ['frontdesk', 'update', 'Appointment', true],
    ['billing', 'read', 'Condition', true],
    ['billing', 'update', 'Condition', false],
    ['billing', 'read', 'Observation', false],
    ['integration', 'delete', 'Patient', true],
    ['app', 'read', 'AuditEvent', false],
    ['billing', 'validate', 'Observation', true],
    ['billing', 'batch', undefined, true],
  ])('%s may %s %s: %s', (role, interaction, type, expected) => {
    expect(allowed(principal(role), interaction, type)).toBe(expected);
  });

  it('a confined principal is confined on every type that it may reach', () => {
    const confined = principal('admin', 'p1');
    for (const type of resourceTypes()) {
      if (!allowed(confined, 'read', type)) continue;
      const filter = compartmentFilter(confined, type);
      const shared = ['directory', 'definition'].includes(resourceGroup(type));
      expect([type, filter === undefined]).toEqual([type, shared]);
      expect(allowed(confined, 'history-type', type)).toBe(false);
      if (shared) expect(allowed(confined, 'update', type)).toBe(false);
    }
    expect(compartmentFilter(confined, 'Patient')).toEqual({ op: 'id', ids: ['p1'] });
    expect(allowed(confined, 'history-system')).toBe(false);
    expect(allowed(confined, 'read', 'Basic')).toBe(patientCompartment('Basic').length > 0);
  });
});
