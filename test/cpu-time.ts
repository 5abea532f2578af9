/** Milliseconds of the processor that some work takes: other programs run on the machine as well. */
export function cpuTime(work: () => void): number {
  const begin = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}
