/** A body that is to be JSON. */
import { BadBodyError } from "../errors.js";
import { findJsonFault } from "./json-fault.js";

/** @throws BadBodyError that says where it stops being JSON */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const fault = findJsonFault(text);
    if (fault === null) throw new BadBodyError(`the body is not JSON: ${(error as Error).message}`);
    const { line, column, found } = fault;
    throw new BadBodyError(`the body is not JSON from line ${line}, column ${column} on: unexpected ${found}`);
  }
}

/** An object that is no array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
