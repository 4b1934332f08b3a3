/** A node as the campaign sees it: a process, on the machine itself or in a namespace, asked one thing at a time. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Namespaces } from "../../services/index.js";
import type { NodeAnswer, NodeBirth, NodeOrder, NodeState } from "./messages.js";

const NODE = fileURLToPath(new URL("./node.js", import.meta.url));

export class NodeProcess {
  readonly birth: NodeBirth;
  readonly #process: ChildProcess;
  #asked: ((answer: NodeAnswer) => void) | null = null;
  #failed: ((error: Error) => void) | null = null;
  #ended: Error | null = null;
  #said = "";

  private constructor(birth: NodeBirth, process: ChildProcess) {
    this.birth = birth;
    this.#process = process;
    process.on("message", (answer: NodeAnswer) => this.#asked?.(answer));
    process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-4096);
    });
    process.once("close", () => {
      this.#ended = new Error(`node ${birth.name} ended: ${this.#said}`);
      this.#failed?.(this.#ended);
    });
  }

  static async start(birth: NodeBirth, place: number, namespaces: Namespaces | null): Promise<NodeProcess> {
    const command = [process.execPath, NODE];
    const [program, ...args] = namespaces ? namespaces.command(place, command[0], command.slice(1)) : command;
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    const node = new NodeProcess(birth, child);
    const ready = node.#answer();
    child.send(birth);
    await ready;
    return node;
  }

  async ask(order: NodeOrder): Promise<NodeAnswer> {
    if (this.#ended !== null) throw this.#ended;
    const answer = this.#answer();
    this.#process.send(order, () => {});
    return answer;
  }

  async passes(): Promise<boolean> {
    const answer = await this.ask({ kind: "pass" });
    return answer.kind === "passed" && answer.passed;
  }

  async state(): Promise<NodeState> {
    const answer = await this.ask({ kind: "state" });
    if (answer.kind !== "state") throw new Error(`node ${this.birth.name} answered ${answer.kind}`);
    return answer.state;
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#failed = null;
    const gone = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await gone;
  }

  #answer(): Promise<NodeAnswer> {
    return new Promise((resolve, reject) => {
      this.#asked = resolve;
      this.#failed = reject;
    });
  }
}
