import { describe, expect, it } from 'vitest';
import { extractIndex } from '../../src/fhir/search-extract.ts';
import type { IdentifiedResource } from '../../src/fhir/resource.ts';
import { auditEvent, readAccess } from '../../src/security/audit-event.ts';
import { systemAudit, touchedBy } from '../../src/security/write-audit.ts';
import type { Change } from '../../src/store/store.ts';

const put = (resource: IdentifiedResource): Change => ({
  op: 'put',
  resource,
  index: extractIndex(resource),
});
const changes: readonly Change[] = [
  put({ resourceType: 'Patient', id: 'ann' }),
  put({
    resourceType: 'Observation',
    id: 'o1',
    status: 'final',
    code: { text: 'SECRET' },
    subject: { reference: 'Patient/bob' },
  }),
  { op: 'delete', type: 'Task', id: 't1' },
];

describe('what a commit of ours leaves in the audit', () => {
  it('names what was written and whose it is', () => {
    expect(touchedBy(changes)).toEqual({
      resources: ['Observation/o1', 'Task/t1'],
      patients: ['Patient/ann', 'Patient/bob'],
    });
  });

  it('is one event of the feed or rule, without content', () => {
    const now = new Date('2026-03-01T12:00:00Z');
    const [row] = systemAudit({ now, origin: 'feed:lab', requestId: 'm-1', changes });
    expect(row?.event).not.toContain('SECRET');
    expect(auditEvent(readAccess(row?.event ?? ''))).toMatchObject({
      resourceType: 'AuditEvent',
      recorded: '2026-03-01T12:00:00.000Z',
      outcome: '0',
      agent: [{ who: { identifier: { value: 'feed:lab' } } }],
    });
  });

  it('is nothing where nothing is written', () => {
    const now = new Date('2026-03-01T12:00:00Z');
    expect(systemAudit({ now, origin: 'rule:x', requestId: '', changes: [] })).toEqual([]);
  });
});
