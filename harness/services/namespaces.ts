/**
 * Machines of a small network on one machine: network namespaces, each with an address, on a bridge in a namespace of its own. One that is
 * isolated has its cable pulled: packets are lost, and nobody is told. Needs root and iproute2.
 */
import { spawnSync } from "node:child_process";

export interface Namespaces {
  readonly count: number;
  address(place: number): string;
  placeOf(address: string): number;
  /** The same command, in a namespace. */
  command(place: number, program: string, args: readonly string[]): string[];
  /** Off the bridge, from all others. */
  isolate(place: number): void;
  rejoin(place: number): void;
  /** Between two only: each loses what it sends to the other. */
  cut(a: number, b: number): void;
  mend(a: number, b: number): void;
  /** Whatever runs in them is killed. */
  stop(): void;
}

let made = 0;

/** Why there can be none here; null when there can. */
export function namespacesAreMissing(): string | null {
  if (process.platform !== "linux") return "network namespaces are Linux's";
  if (spawnSync("ip", ["-V"]).status !== 0) return "there is no ip (iproute2) on this machine";
  try {
    startNamespaces(1).stop();
    return null;
  } catch (error) {
    return `network namespaces are refused: ${(error as Error).message}`;
  }
}

/** @throws Error with what ip says */
export function startNamespaces(count: number): Namespaces {
  // The names are the machine's: two runs must not meet. What is in the namespaces is seen by nobody else.
  const run = `engram-${process.pid}-${made++}`;
  const hub = `${run}-hub`;
  const name = (place: number): string => `${run}-${place}`;
  const address = (place: number): string => `198.18.7.${place + 1}`;
  const all = [hub, ...Array.from({ length: count }, (_, place) => name(place))];
  const stop = (): void => {
    process.off("exit", stop);
    for (const one of all) {
      const { stdout } = spawnSync("ip", ["netns", "pids", one], { encoding: "utf8" });
      for (const pid of stdout.split("\n").filter(Boolean)) kill(Number(pid));
      spawnSync("ip", ["netns", "del", one]);
    }
  };
  process.on("exit", stop);
  try {
    for (const one of all) ip(`netns add ${one}`);
    ip(`-n ${hub} link add br0 type bridge`);
    ip(`-n ${hub} link set br0 up`);
    for (let place = 0; place < count; place++) {
      ip(`-n ${hub} link add h${place} type veth peer name v0 netns ${name(place)}`);
      ip(`-n ${hub} link set h${place} master br0 up`);
      ip(`-n ${name(place)} addr add ${address(place)}/24 dev v0`);
      ip(`-n ${name(place)} link set v0 up`);
      ip(`-n ${name(place)} link set lo up`);
    }
  } catch (error) {
    stop();
    throw error;
  }
  return {
    count,
    address,
    placeOf: (of) => Number(of.split(".")[3]) - 1,
    command: (place, program, args) => ["ip", "netns", "exec", name(place), program, ...args],
    isolate: (place) => ip(`-n ${hub} link set h${place} nomaster`),
    rejoin: (place) => ip(`-n ${hub} link set h${place} master br0`),
    cut(a, b) {
      ip(`-n ${name(a)} route add blackhole ${address(b)}/32`);
      ip(`-n ${name(b)} route add blackhole ${address(a)}/32`);
    },
    mend(a, b) {
      ip(`-n ${name(a)} route del blackhole ${address(b)}/32`);
      ip(`-n ${name(b)} route del blackhole ${address(a)}/32`);
    },
    stop,
  };
}

function ip(line: string): void {
  const { status, stderr, error } = spawnSync("ip", line.split(" "), { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${line}: ${stderr?.trim() || error?.message}`);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone already, which is what was wanted.
  }
}
