/**
 * Validators of values: any that has the interface of Standard Schema, version 1 (standardschema.dev), of which the part that is used is
 * written down here.
 */
import { describe } from "../../check.js";
import { InvalidArgumentError, InvalidValueError, type ValueIssue } from "../../errors.js";
import { type Key, PreparedKey } from "../key.js";

/** @typeParam V what it makes of a value that it accepts */
export interface StandardSchema<V = unknown> {
  /** What the interface asks for: its version, the validator's vendor and its function. */
  readonly "~standard": {
    /** Of the interface. */
    readonly version: 1;
    /** Whose validator it is. */
    readonly vendor: string;
    /** What it makes of a value; here it has to answer at once. */
    readonly validate: (value: unknown) => SchemaResult<V> | Promise<SchemaResult<V>>;
    /** What it takes and gives, for the types alone. */
    readonly types?:
      | {
          /** What it takes. */
          readonly input: unknown;
          /** What it gives. */
          readonly output: V;
        }
      | undefined;
  };
}

/** What a validator answers: a value that it accepts, or what is wrong with it. */
export type SchemaResult<V> =
  | {
      /** What it makes of the value. */
      readonly value: V;
      /** Undefined: it is accepted. */
      readonly issues?: undefined;
    }
  | {
      /** What is wrong with it. */
      readonly issues: readonly ValueIssue[];
    };

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
 * What the validator of a namespace makes of a value.
 *
 * @param way "written" or "read", for the message
 * @throws as `admit`
 */
export function validate<V>(schema: StandardSchema<V>, namespace: string, key: Key, value: unknown, way: string): V {
  const named = nameOf(key);
  return admit(schema, `the value ${way} under ${describe(named)} in namespace "${namespace}"`, named, value);
}

/**
 * What the validator makes of a value.
 *
 * @param where the value is, for messages
 * @throws InvalidValueError for what it refuses, and when it throws; InvalidArgumentError when it answers later
 */
export function admit<V>(schema: StandardSchema<V>, where: string, named: string | Uint8Array, value: unknown): V {
  const answer = ask(schema, where, named, value);
  if (typeof (answer as Promise<unknown> | undefined)?.then === "function") {
    (answer as Promise<unknown>).then(undefined, () => {}); // refused here, whatever becomes of it
    throw new InvalidArgumentError(`${where}: its validator answers with a promise; expected one that answers at once`);
  }
  return admitted(where, named, answer as SchemaResult<V> | undefined);
}

/** The same of a validator that may take its time. @throws InvalidValueError */
export async function admitLater<V>(
  schema: StandardSchema<V>,
  where: string,
  named: string | Uint8Array,
  value: unknown,
): Promise<V> {
  const answer = ask(schema, where, named, value);
  let settled: SchemaResult<V> | undefined;
  try {
    settled = await answer;
  } catch (cause) {
    throw threw(where, named, cause);
  }
  return admitted(where, named, settled);
}

type Answer<V> = ReturnType<StandardSchema<V>["~standard"]["validate"]>;

function ask<V>(schema: StandardSchema<V>, where: string, named: string | Uint8Array, value: unknown): Answer<V> {
  try {
    return schema["~standard"].validate(value);
  } catch (cause) {
    throw threw(where, named, cause);
  }
}

function threw(where: string, named: string | Uint8Array, cause: unknown): InvalidValueError {
  return new InvalidValueError(`${where}: its validator threw ${thrown(cause)}`, named, [], { cause });
}

function admitted<V>(where: string, named: string | Uint8Array, answer: SchemaResult<V> | undefined): V {
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
