/** Values of `engram trace` options. Each throws InvalidArgumentError with one line. */
import { InvalidArgumentError } from "../../src/errors.js";
import { closest, parseBytes, type SizeSpec, TRACE_FORMATS, WRITABLE_FORMATS } from "../../workloads/index.js";

/** Sizes are 32 bits wide in oracleGeneral, and in memory. */
const LARGEST_SIZE = 2 ** 32 - 1;
const SIZES_EXPECTED = "a size such as 4KiB, a range such as 64B-4KiB, or zipf:64B-4KiB for small ones more often";

/** One of `names`, in whatever case. */
export function oneOf<Name extends string>(option: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name.toLowerCase() === text.toLowerCase());
  if (found === undefined) {
    throw new InvalidArgumentError(
      `${option} ${JSON.stringify(text)}: unknown${closest(text, names)}; expected one of ${names.join(", ")}`,
    );
  }
  return found;
}

/** `4KiB`: all alike; `64B-4KiB`: each as likely; `zipf:64B-4KiB`: small ones more often. */
export function parseSizeSpec(text: string): SizeSpec {
  const match = /^(zipf:)?([^-]+)(?:-([^-]+))?$/.exec(text.trim());
  if (match === null || (match[1] !== undefined && match[3] === undefined)) throw badSizes(text);
  const min = parseSize(text, match[2]);
  if (match[3] === undefined) return { distribution: "constant", size: min };
  const max = parseSize(text, match[3]);
  if (max < min) throw new InvalidArgumentError(`--sizes ${text}: runs backwards, expected the smaller size first`);
  return { distribution: match[1] === undefined ? "uniform" : "zipf", min, max };
}

function parseSize(text: string, part: string): number {
  let size: number;
  try {
    size = /^\d+$/.test(part) ? Number(part) : parseBytes(part);
  } catch {
    throw badSizes(text);
  }
  if (!(size >= 1 && size <= LARGEST_SIZE)) {
    throw new InvalidArgumentError(`--sizes ${text}: expected from 1 to ${LARGEST_SIZE} bytes`);
  }
  return size;
}

function badSizes(text: string): InvalidArgumentError {
  return new InvalidArgumentError(`--sizes ${JSON.stringify(text)}: expected ${SIZES_EXPECTED}`);
}

/**
 * The format a trace is to be written in: the one `--to` names, else the one that the file's name ends in.
 *
 * @throws InvalidArgumentError when neither tells, or the name asks for a compression that is only read
 */
export function formatToWrite(path: string, to: string | undefined): (typeof WRITABLE_FORMATS)[number] {
  if (/\.zst$/i.test(path)) {
    throw new InvalidArgumentError(
      `${path}: .zst is read, not written; expected a name that ends in .gz or in neither`,
    );
  }
  if (to !== undefined) return oneOf("--to", to, WRITABLE_FORMATS);
  const name = path.toLowerCase().replace(/\.gz$/, "");
  const named = WRITABLE_FORMATS.find((format) =>
    TRACE_FORMATS.some((known) => known.name === format && known.endings.some((ending) => name.endsWith(ending))),
  );
  if (named !== undefined) return named;
  throw new InvalidArgumentError(
    `${path}: the name does not tell the format to write; give --to, one of ${WRITABLE_FORMATS.join(", ")}`,
  );
}
