import { expect, it } from 'vitest';
import { createMetrics } from '../../src/ops/metrics.ts';
import type { Reindexing } from '../../src/ops/metrics.ts';

function metricsOf(
  journal: readonly object[],
  resources: ReadonlyMap<string, number>,
  reindexing: readonly Reindexing[] = [],
) {
  return createMetrics({
    journalCounts: async () => journal as never,
    resourceCounts: async () => resources,
    alarms: async () => [{ feed: 'ehr', kind: 'age' }],
    destinations: async () => [],
    reindexing: () => reindexing,
  });
}

it('counts messages and resources when asked, as they are then', async () => {
  const journal = [{ feed: 'ehr', state: 'processed', ackCode: 'AA', count: 47 }];
  const resources = new Map([['Patient', 9]]);
  const { registry } = metricsOf(journal, resources);
  const text = await registry.metrics();
  expect(text).toContain('weir_journal_messages{feed="ehr",state="processed",ack="AA"} 47');
  expect(text).toContain('weir_resources{type="Patient"} 9');
  expect(text).toContain('weir_feed_alarms{feed="ehr",kind="age"} 1');
  expect(text).toContain('weir_process_cpu_seconds_total');

  journal.splice(0, 1, { feed: 'lab', state: 'failed', ackCode: 'AR', count: 1 });
  resources.delete('Patient');
  const later = await registry.metrics();
  expect(later).toContain('weir_journal_messages{feed="lab",state="failed",ack="AR"} 1');
  expect(later).not.toContain('feed="ehr",state');
  expect(later).not.toContain('type="Patient"');
});

it('says how much is still to be indexed anew, until there is nothing', async () => {
  const reindexing = [{ type: 'Patient', done: 300, total: 1000 }];
  const { registry } = metricsOf([], new Map(), reindexing);
  expect(await registry.metrics()).toContain('weir_reindex_remaining{type="Patient"} 700');
  reindexing.pop();
  expect(await registry.metrics()).not.toContain('weir_reindex_remaining{');
});

it('two servers in one process do not share', async () => {
  const one = metricsOf([], new Map());
  const two = metricsOf([], new Map());
  one.requests.inc({ method: 'GET', route: '/x', status: '200' });
  expect(await two.registry.metrics()).not.toContain('route="/x"');
});
