/** Processor time of this process, all of its threads together, between two moments: what waiting for a processor does not lengthen. */
export class CpuTime {
  userMs = 0;
  systemMs = 0;
  #from: NodeJS.CpuUsage | undefined;

  start(): void {
    this.#from = process.cpuUsage();
  }

  stop(): void {
    const { user, system } = process.cpuUsage(this.#from);
    this.userMs += user / 1000;
    this.systemMs += system / 1000;
  }
}
