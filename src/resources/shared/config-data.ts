/** Configuration of all threads: shared data that a schema has accepted, every version of it. */
import type { StandardSchema, Store } from "../../store/index.js";
import { admitLater } from "../../store/index.js";
import { type ConfigOptions, checkConfig, checkSharedName } from "./options.js";
import { openVersioned, SharedData } from "./shared-data.js";

/** Made by `store.config()`. What the schema refuses changes nothing, in any thread. */
export class ConfigData<T> extends SharedData<T> {}

/**
 * The configuration of this name; made when it is not there yet.
 *
 * @param schema any validator that has the Standard Schema interface; what it makes of a value is what is kept. It has to answer at once:
 *   `openConfig` takes one that does not
 * @throws InvalidArgumentError for a bad name, schema or option, or when it is not there and there is no `initial`; InvalidValueError when the schema
 *   refuses that; ValueTooLargeError, OutOfMemoryError; ClosedError
 */
export function config<T>(
  store: Store,
  name: string,
  schema: StandardSchema<T>,
  options: ConfigOptions = {},
): ConfigData<T> {
  checkSharedName("a config", name);
  const checked = checkConfig(name, schema, options);
  return new ConfigData(name, openVersioned(store, "config", name, checked), checked.schema);
}

/** The same with a schema that may answer later: its values are changed by `updateAsync`. @throws as `store.config` */
export async function openConfig<T>(
  store: Store,
  name: string,
  schema: StandardSchema<T>,
  options: ConfigOptions = {},
): Promise<ConfigData<T>> {
  checkSharedName("a config", name);
  const checked = checkConfig(name, schema, options);
  const initial =
    checked.initial === undefined
      ? undefined
      : await admitLater(checked.schema, `initial of config "${name}"`, name, checked.initial);
  const versioned = openVersioned<T>(store, "config", name, { initial, schema: undefined, checkReads: false });
  return new ConfigData(name, versioned, checked.schema);
}
