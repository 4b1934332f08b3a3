/**
 * Validators of values: any that has the interface of Standard Schema, version 1 (standardschema.dev), of which the part that is used is
 * written down here.
 */
import { describe } from "../../check.js";
import { InvalidArgumentError, InvalidValueError, type ValueIssue } from "../../errors.js";
import { type Key, PreparedKey } from "../key.js";

/** @typeParam V what it makes of a value that it accepts */
export interface StandardSchema<V = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<V> | Promise<SchemaResult<V>>;
    readonly types?: { readonly input: unknown; readonly output: V } | undefined;
  };
}

export type SchemaResult<V> =
  | { readonly value: V; readonly issues?: undefined }
  | { readonly issues: readonly ValueIssue[] };

/** @throws InvalidArgumentError for what is neither a validator nor undefined */
export function checkSchema(schema: unknown): StandardSchema | undefined {
  if (schema === undefined) return undefined;
  if ((typeof schema === "object" && schema !== null) || typeof schema === "function") {
    const standard = (schema as Partial<StandardSchema>)["~standard"];
    if (typeof standard === "object" && standard !== null && typeof standard.validate === "function") {
      if (standard.version === 1) return schema as StandardSchema;
      throw new InvalidArgumentError(`schema is of Standard Schema version ${describe(standard.version)}; expected 1`);
    }
  }
  throw new InvalidArgumentError(
    `schema is ${describe(schema)}; expected a validator with Standard Schema's interface`,
  );
}

/**
 * What the validator makes of a value.
 *
 * @param way "written" or "read", for the message
 * @throws InvalidValueError for what it refuses, and when it throws; InvalidArgumentError when it answers later
 */
export function validate<V>(schema: StandardSchema<V>, namespace: string, key: Key, value: unknown, way: string): V {
  const named = nameOf(key);
  const where = `the value ${way} under ${describe(named)} in namespace "${namespace}"`;
  let result: ReturnType<StandardSchema<V>["~standard"]["validate"]>;
  try {
    result = schema["~standard"].validate(value);
  } catch (cause) {
    throw new InvalidValueError(`${where}: its validator threw ${thrown(cause)}`, named, [], { cause });
  }
  if (typeof (result as Promise<unknown> | undefined)?.then === "function") {
    (result as Promise<unknown>).then(undefined, () => {}); // refused here, whatever becomes of it
    throw new InvalidArgumentError(`${where}: its validator answers with a promise; expected one that answers at once`);
  }
  const answer = result as SchemaResult<V> | undefined;
  if (typeof answer !== "object" || answer === null) {
    throw new InvalidValueError(
      `${where}: its validator answered ${describe(answer)}; expected a value or issues`,
      named,
      [],
    );
  }
  if (answer.issues === undefined) return answer.value;
  const issues = [...answer.issues];
  throw new InvalidValueError(
    `${where} is refused: ${issues.map(issueText).join("; ") || "without a reason"}`,
    named,
    issues,
  );
}

function nameOf(key: Key): string | Uint8Array {
  return key instanceof PreparedKey ? key.bytes() : key;
}

function issueText({ message, path }: ValueIssue): string {
  const at = path?.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
  return at ? `${at}: ${message}` : String(message);
}

function thrown(cause: unknown): string {
  return cause instanceof Error ? `"${cause.message}"` : describe(cause);
}
