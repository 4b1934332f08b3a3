/**
 * What `engram list` says of the package's scenarios, without reading them anew each time: the build has read and checked every file, and
 * wrote down what is listed of it beside a hash of its bytes. Files that are the same bytes still are listed from there; when one of them
 * differs, or there is another, all are read and checked as ever, which takes longer than the rest of the command.
 */
import { readFileSync } from "node:fs";
import { hashOfScenarios, LISTING, type ListedScenario, type Listing } from "./listing-file.js";

/**
 * @param written where the build wrote the listing
 * @throws InvalidArgumentError when one of the scenario files is not valid
 */
export async function listedScenarios(written = LISTING): Promise<readonly ListedScenario[]> {
  const built = readListing(written);
  if (built !== null && built.hash === hashOfScenarios()) return built.scenarios;
  return (await import("./make-listing.js")).makeListing().scenarios;
}

function readListing(file: URL): Listing | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Listing;
  } catch {
    return null;
  }
}
