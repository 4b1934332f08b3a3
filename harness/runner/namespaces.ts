/** The namespaces of a run: those of the scenario, one for each agent where it says so. */
import { DEFAULT_NAMESPACE, type Phase, type Scenario } from "../../workloads/index.js";
import type { SubjectNamespace } from "../subjects/index.js";

export class Namespaces {
  readonly #scenario: Scenario;
  readonly #numbers = new Map<string, number>();
  readonly #list: SubjectNamespace[] = [];

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** In the order of their numbers. */
  get list(): readonly SubjectNamespace[] {
    return this.#list;
  }

  /** The number of the namespace that an agent's operations of a role go to. */
  numberOf(phase: Phase, role: number, agent: number): number {
    const name = phase.roles[role].namespace;
    const declared = name === undefined ? undefined : this.#scenario.namespaces.find((one) => one.name === name);
    const full =
      declared?.scope === "agent" ? `agent_${agent}_${declared.name}` : (declared?.name ?? DEFAULT_NAMESPACE);
    let number = this.#numbers.get(full);
    if (number === undefined) {
      number = this.#list.length;
      this.#numbers.set(full, number);
      this.#list.push({ name: full, maxEntries: declared?.maxEntries, maxBytes: declared?.maxBytes });
    }
    return number;
  }
}
