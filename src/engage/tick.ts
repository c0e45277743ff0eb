import { limits } from '../limits.ts';
import type { LeasedJob } from '../store/store.ts';
import type { Desk } from './desk.ts';
import { Lanes } from './lanes.ts';
import { readPayload, sendJobKind } from './plan.ts';
import { asReferences } from './reference.ts';
import { sendDue } from './send.ts';
import { Whom } from './whom.ts';
import { readNow } from './world.ts';

/**
 * Leases what is due and carries it out. What goes to one patient, or is about one resource, goes one after another: the
 * guards count what was sent before. `more` where as much was due as is taken at once, or was not begun within its lease.
 */
export async function runDueJobs(desk: Desk, stopping: () => boolean): Promise<'more' | 'none'> {
  if (stopping()) return 'none';
  const now = desk.clock();
  const leasedUntil = now.getTime() + limits.jobLeaseMs;
  const jobs = await desk.store.jobs.lease(now, limits.jobLeaseMs, limits.jobBatchMax);
  const lanes = new Lanes(limits.jobsParallelMax);
  const whom = new Whom(desk.store);
  let left = 0;
  const take = async (job: LeasedJob): Promise<void> => {
    // It waited for a slow gateway: by now another may have it, and would send it too.
    if (desk.clock().getTime() < leasedUntil) await runJob(desk, job);
    else left += 1;
  };
  for (const job of jobs) {
    // What cannot be read is told by the job itself.
    const keys = await keysOf(desk, job, whom).catch(() => [job.key]);
    await lanes.take(keys, () => take(job));
  }
  await lanes.done();
  return jobs.length < limits.jobBatchMax && left === 0 ? 'none' : 'more';
}

/** What it is about, and every record of the patient who is to have it. */
async function keysOf(desk: Desk, job: LeasedJob, whom: Whom): Promise<readonly string[]> {
  if (job.kind !== sendJobKind) return [job.key];
  const { request, focus } = readPayload(job);
  const planned = await readNow(desk.store, `CommunicationRequest/${request}`);
  const recipients = asReferences((planned?.['recipient'] ?? []) as readonly unknown[]);
  const people = recipients.flatMap(({ reference }) => reference ?? []);
  const records = await Promise.all(people.map((person) => whom.recordsOf(person)));
  return [...new Set([focus, ...records.flat()])];
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
