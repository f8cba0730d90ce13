/** us-east-1, November 2026, in dollars. Alarms and `npm run cost` count with the same. */
export const DOLLARS = {
  /** DynamoDB, on demand, standard class. */
  writeUnit: 0.625 / 1_000_000,
  readUnit: 0.125 / 1_000_000,
  tableGibMonth: 0.25,
  /** Kinesis, provisioned. */
  shardHour: 0.015,
  /** A record, per started 25 KB. */
  putUnit: 0.014 / 1_000_000,
  /** Kinesis, on demand. */
  streamHour: 0.04,
  streamGibIn: 0.08,
  streamGibOut: 0.04,
  lambdaRequest: 0.2 / 1_000_000,
  /** arm64. */
  lambdaGbSecond: 0.0000133334,
  logGib: 0.5,
  /** A metric of ours, with one set of dimensions, in a month in which it is always there. */
  metricMonth: 0.3,
  alarmMonth: 0.1,
  secretMonth: 0.4,
} as const;
