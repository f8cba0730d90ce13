type Level = "debug" | "info" | "warn" | "error";

type Fields = Readonly<Record<string, unknown>>;

/** One event, before it is rendered. */
export interface LogEntry {
  readonly level: Level;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly timeMillis: number;
  readonly fields: Fields;
}

export type Log = Readonly<Record<Level, (message: string, fields?: Fields) => void>>;

export interface LogParts {
  /** Takes one line, without its end. */
  readonly write: (line: string) => void;
  readonly clock: () => number;
  readonly render: (entry: LogEntry) => string;
}

/** A logger over one function that takes lines. Nothing from spans belongs in fields: they hold what users hold private. */
export function logger({ write, clock, render }: LogParts): Log {
  const at =
    (level: Level) =>
    (message: string, fields: Fields = {}): void =>
      write(render({ level, message, timeMillis: clock(), fields }));
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** One JSON object: what CloudWatch, Loki and jq read. */
export const renderJson = ({ level, message, timeMillis, fields }: LogEntry): string =>
  JSON.stringify({ level, time: new Date(timeMillis).toISOString(), msg: message, ...fields }, plain);

/** For people: time of day, level unless it is info, message, then name=value. */
export function renderText({ level, message, timeMillis, fields }: LogEntry): string {
  const time = new Date(timeMillis).toISOString().slice(11, 19);
  const rest = Object.entries(fields).map(([name, value]) => `${name}=${textOf(value)}`);
  return [time, ...(level === "info" ? [] : [level.toUpperCase()]), message, ...rest].join(" ");
}

const textOf = (value: unknown): string =>
  typeof value === "string" && /^\S+$/.test(value) ? value : (JSON.stringify(value, plain) ?? String(value));

/** What JSON leaves out or refuses: 64-bit integers as digits, errors with their stack and causes. */
function plain(_name: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) {
    const { stack, message, cause } = value;
    return cause === undefined ? (stack ?? message) : { error: stack ?? message, cause };
  }
  return value;
}
