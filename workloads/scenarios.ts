/**
 * Scenario files to scenarios. A door of its own, since YAML and the schemas take longer to load than all that replays: a worker thread,
 * or a command that only looks into traces, does without them.
 */

export { listScenarios, loadScenario, parseScenario, writeScenarioSchema } from "./load-scenario.js";
export { scenarioJsonSchema } from "./scenario-schema.js";
