/** The cluster simulated, its nodes, network and time decided by a seed; and the cluster of a scenario, measured on servers. */
export { type CampaignOptions, type CampaignResult, runCampaign } from "./campaign.js";
export { type ClusterHere, openCluster } from "./cluster-here.js";
export { FAULT_LEVELS, FAULTS, type Fault } from "./faults.js";
export { type ClusterOutcome, type MeasuredClusterPlan, measureCluster } from "./measure.js";
export { runScenario, type ScenarioOptions, type ScenarioResult } from "./scenario.js";
export { SimulatedClock } from "./simulated-clock.js";
