import { limits } from '../limits.ts';
import type { LeasedJob } from '../store/store.ts';
import type { Desk } from './desk.ts';
import { sendJobKind } from './plan.ts';
import { sendDue } from './send.ts';

/** Leases what is due and carries it out, one after another, until nothing is due or `stopping` says so. */
export async function runDueJobs(desk: Desk, stopping: () => boolean): Promise<void> {
  while (!stopping()) {
    const jobs = await desk.store.jobs.lease(desk.clock(), limits.jobLeaseMs, limits.jobBatchMax);
    if (jobs.length === 0) return;
    for (const job of jobs) await runJob(desk, job);
  }
}

/** A job that breaks keeps its lease and comes back when it runs out; the others go on. */
async function runJob(desk: Desk, job: LeasedJob): Promise<void> {
  try {
    if (job.kind !== sendJobKind) throw new Error(`No one knows jobs of kind ${job.kind}`);
    await sendDue(desk, job);
  } catch (error) {
    desk.log.error({ kind: job.kind, attempts: job.attempts, err: error }, 'job failed');
  }
}
