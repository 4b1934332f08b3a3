/** Anybody's subject: the default export of a module. */
import { pathToFileURL } from "node:url";
import { InvalidArgumentError } from "../../src/errors.js";
import { defineSubject, unknownMembers } from "../../src/lab/index.js";
import type { Subject } from "./subject.js";

/** @throws InvalidArgumentError when the file cannot be loaded, or exports no subject; it says why */
export async function loadSubjectFile(path: string): Promise<Subject> {
  const { default: exported } = await importFile(path);
  if (exported === undefined) {
    throw new InvalidArgumentError(
      `${path}: there is no default export; expected "export default defineSubject({ … })"`,
    );
  }
  try {
    const subject = defineSubject(exported as Parameters<typeof defineSubject>[0]);
    refuseUnknown(subject);
    return subject;
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new InvalidArgumentError(`${path}: ${error.message}`);
    throw error;
  }
}

async function importFile(path: string): Promise<{ default?: unknown }> {
  try {
    return await import(pathToFileURL(path).href);
  } catch (error) {
    const { message, name } = error instanceof Error ? error : new Error(String(error));
    throw new InvalidArgumentError(`${path} cannot be loaded: ${name}: ${message.split("\n", 1)[0]}`, { cause: error });
  }
}

function refuseUnknown(definition: object): void {
  const [unknown] = unknownMembers(definition);
  if (unknown !== undefined) throw new InvalidArgumentError(`a subject has no ${unknown}`);
}
