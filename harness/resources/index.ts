/** What agents hold beside a store, under load: pools before real servers, configuration that threads follow, caches of one thread. */
export { type ResourcesOutcome, type ResourcesPlan, runResources } from "./conductor.js";
