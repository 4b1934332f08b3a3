import { InvalidArgumentError } from "../../src/errors.js";
import { type PolicyName, policyNames } from "../../src/eviction/index.js";

/**
 * Reads a comma-separated list of policy names, or `all`.
 *
 * @throws InvalidArgumentError naming the unknown one and those that are known
 */
export function parsePolicies(list: string): PolicyName[] {
  const names = list.split(",").map((item) => item.trim().toLowerCase());
  if (names.length === 1 && names[0] === "all") return [...policyNames];
  return [...new Set(names.map(parsePolicy))];
}

function parsePolicy(name: string): PolicyName {
  const known = policyNames.find((policy) => policy === name);
  if (known === undefined) {
    const what = name === "" ? "--policy: a name is empty" : `--policy ${name}: no such policy`;
    throw new InvalidArgumentError(`${what}, expected all or any of ${policyNames.join(", ")}`);
  }
  return known;
}
