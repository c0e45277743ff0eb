/**
 * Begins to measure; what is given gives milliseconds of this process's processor time since. Of what is bounded by itself,
 * so that other processes of a busy machine do not count.
 */
export function processorMs(): () => number {
  const begun = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(begun);
    return (user + system) / 1_000;
  };
}
