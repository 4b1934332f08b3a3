/**
 * The database as the source has it: a week of everything, three months of minutes. Its statements as they are written there lack
 * REPLICATION, which InfluxDB asks for, and name the measurement otherwise than its schema does; and a continuous query that is not told to look
 * back misses what comes late. Those three are mended here.
 */

export interface Statement {
  readonly statement: string;
  /** What is said when it is there already in another form: that is left as it is. */
  readonly there: RegExp;
}

/** Late points are taken into their minute for so long. */
const LATE = "10m";

/** In order. @param measurement escaped as in line protocol */
export function prepareStatements(database: string, measurement: string): Statement[] {
  const on = `"${database}"`;
  const from = `"${measurement.replace(/\\([, ])/g, "$1")}"`;
  return [
    { statement: `CREATE DATABASE ${on}`, there: /already exists/ },
    {
      statement: `CREATE RETENTION POLICY "7_days" ON ${on} DURATION 7d REPLICATION 1 SHARD DURATION 1d DEFAULT`,
      there: /already exists/,
    },
    {
      statement: `CREATE RETENTION POLICY "90_days" ON ${on} DURATION 90d REPLICATION 1 SHARD DURATION 7d`,
      there: /already exists/,
    },
    {
      statement:
        `CREATE CONTINUOUS QUERY "cq_1min" ON ${on} RESAMPLE EVERY 1m FOR ${LATE} BEGIN ` +
        `SELECT mean(value) AS value INTO ${on}."90_days".${from} FROM ${on}."7_days".${from} GROUP BY time(1m), * END`,
      there: /already exists/,
    },
  ];
}
