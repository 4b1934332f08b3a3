/** `engram init`: a file to begin with, which runs as it is. */
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { Command } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { closest } from "../../workloads/closest.js";
import { requireWritableFile } from "../command-line/output-file.js";
import { SCENARIO_TEMPLATE, SUBJECT_TEMPLATE } from "./templates.js";

interface Kind {
  readonly file: string;
  readonly endings: RegExp;
  readonly expected: string;
  readonly template: string;
  next(file: string): string;
}

const KINDS: Readonly<Record<string, Kind>> = {
  subject: {
    file: "my-store.mjs",
    endings: /\.[cm]?[jt]s$/,
    expected: "a name that ends in .mjs, .js or .ts",
    template: SUBJECT_TEMPLATE,
    next: (file) => `engram check-subject ${file}`,
  },
  scenario: {
    file: "my-scenario.yaml",
    endings: /\.ya?ml$/,
    expected: "a name that ends in .yaml",
    template: SCENARIO_TEMPLATE,
    next: (file) => `engram run ${file}`,
  },
};

export function initCommand(): Command {
  return new Command("init")
    .description("a file to begin with: a subject of one's own, or a scenario")
    .argument("<what>", Object.keys(KINDS).join(" or "))
    .argument("[file]", "where to write it (default: my-store.mjs, my-scenario.yaml); one that is there is left alone")
    .addHelpText("after", "\nExit codes: 0 written, 2 bad input.")
    .action(init);
}

async function init(what: string, named: string | undefined): Promise<void> {
  if (!Object.hasOwn(KINDS, what)) {
    const known = Object.keys(KINDS);
    throw new InvalidArgumentError(
      `nothing named "${what}" to begin with${closest(what, known)}; expected ${known.join(" or ")}`,
    );
  }
  const { file: usual, endings, expected, template, next } = KINDS[what];
  const file = named ?? usual;
  if (!endings.test(file)) throw new InvalidArgumentError(`${file}: expected ${expected}`);
  await requireWritableFile(`init ${what}`, file);
  try {
    await writeFile(file, template.replaceAll("FILE", basename(file)), { flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new InvalidArgumentError(`${file}: is there already, and is left as it is; name another file`, { cause });
  }
  process.stdout.write(`${file} is written. Next: ${next(file)}\n`);
}
