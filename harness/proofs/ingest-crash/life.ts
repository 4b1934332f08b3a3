/** The process that is killed: ingest over the journal and the sinks it is told of. It says where it listens, and that is all. */
import { createIngest, type IngestOptions } from "../../../src/ingest/index.js";

export type LifeOptions = Pick<IngestOptions, "journal" | "influx" | "kafka" | "ack">;

const ingest = await createIngest({ ...(JSON.parse(process.argv[2]) as LifeOptions), port: 0 });
process.stdout.write(`${ingest.url}\n`);
