import { parseArgs } from "node:util";
import { NANOS_PER_HOUR, parseGoDuration } from "../../lib/model/time.ts";
import { TENANT_NAME, TENANT_NAME_EXPECTED } from "../../lib/runtime/tenant-name.ts";
import { Usage } from "./usage.ts";

export interface Settings {
  readonly host: string;
  readonly otlpHttpPort: number;
  readonly queryPort: number;
  readonly healthPort: number;
  /** Folder of everything that outlives the process. */
  readonly data: string;
  /** How long spans are kept. */
  readonly retentionHours: number;
  readonly stream: string;
  /** Written by others, such as Collectors; empty when there is none. */
  readonly foreignStream: string;
  /** Whose spans come through it. */
  readonly foreignTenant: string;
  /** Where the embedded Kinesis listens, for those. */
  readonly kinesisPort: number;
  readonly table: string;
}

/** One row: a flag, its environment variable, its default, and how its value is read. Help and faults come from it too. */
interface Setting<T> {
  readonly flag: string;
  readonly env: string;
  readonly default: string;
  readonly about: string;
  readonly expected: string;
  /** Undefined when the text is not what is expected. */
  readonly read: (text: string) => T | undefined;
}

const port = (flag: string, defaultPort: number, about: string): Setting<number> => ({
  flag,
  env: `SKUA_${flag.toUpperCase().replaceAll("-", "_")}`,
  default: String(defaultPort),
  about: `port of ${about}; 0 takes any free one`,
  expected: "a port, 0 to 65535",
  read: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined),
});

/** AWS's rules for both names (StreamName, TableName), the narrower of the two lengths at either end. */
const awsName = (flag: string, about: string): Setting<string> => ({
  flag,
  env: `SKUA_${flag.toUpperCase()}`,
  default: "skua",
  about,
  expected: "3 to 128 of a-z A-Z 0-9 _ . -",
  read: readAwsName,
});

function readAwsName(text: string): string | undefined {
  return /^[\w.-]{3,128}$/.test(text) ? text : undefined;
}

const SETTINGS: { readonly [K in keyof Settings]: Setting<Settings[K]> } = {
  host: {
    flag: "host",
    env: "SKUA_HOST",
    default: "127.0.0.1",
    about: "address to listen on; nothing asks for credentials, so think before opening it",
    expected: "an address or a host name",
    read: (text) => (/^[\w.:%-]+$/.test(text) ? text : undefined),
  },
  otlpHttpPort: port("otlp-http-port", 4318, "OTLP over HTTP (POST /v1/traces)"),
  queryPort: port("query-port", 16_686, "the query API and the start page"),
  healthPort: port("health-port", 13_133, "health (GET /status)"),
  data: {
    flag: "data",
    env: "SKUA_DATA",
    default: ".skua",
    about: "folder of the embedded stream and table, and of the quarantine",
    expected: "a folder",
    read: (text) => (text === "" ? undefined : text),
  },
  retentionHours: {
    flag: "retention",
    env: "SKUA_RETENTION",
    default: "168h",
    about: "how long spans are kept",
    expected: "whole hours from 1h to 8760h, such as 36h",
    read: readRetention,
  },
  stream: awsName("stream", "name of the Kinesis stream; created if absent"),
  foreignStream: {
    ...awsName("foreign-stream", "name of a stream that Collectors (awskinesis) or the KPL write; created if absent"),
    env: "SKUA_FOREIGN_STREAM",
    default: "",
    expected: "nothing, or 3 to 128 of a-z A-Z 0-9 _ . -",
    read: (text) => (text === "" ? text : readAwsName(text)),
  },
  foreignTenant: {
    flag: "foreign-tenant",
    env: "SKUA_FOREIGN_TENANT",
    default: "default",
    about: "whose spans come through the foreign stream",
    expected: TENANT_NAME_EXPECTED,
    read: (text) => (TENANT_NAME.test(text) ? text : undefined),
  },
  kinesisPort: port("kinesis-port", 0, "the embedded Kinesis, on the loopback, for what writes the foreign stream"),
  table: awsName("table", "name of the DynamoDB table; created if absent"),
};

/** A year, as Kinesis has it. */
const LONGEST_RETENTION_HOURS = 8760;

function readRetention(text: string): number | undefined {
  try {
    const hours = Number(parseGoDuration(text)) / Number(NANOS_PER_HOUR);
    return Number.isInteger(hours) && hours >= 1 && hours <= LONGEST_RETENTION_HOURS ? hours : undefined;
  } catch {
    return undefined;
  }
}

/** What the command line asks for. A flag beats its environment variable, which beats the default; an empty variable is none. */
export function readSettings(argv: readonly string[], env: NodeJS.ProcessEnv): Settings | "help" {
  const flags = readFlags(argv);
  if (flags.help === true) return "help";
  const of = <T>(setting: Setting<T>): T => readSetting(setting, flags[setting.flag], env[setting.env]);
  const settings = {
    host: of(SETTINGS.host),
    otlpHttpPort: of(SETTINGS.otlpHttpPort),
    queryPort: of(SETTINGS.queryPort),
    healthPort: of(SETTINGS.healthPort),
    data: of(SETTINGS.data),
    retentionHours: of(SETTINGS.retentionHours),
    stream: of(SETTINGS.stream),
    foreignStream: of(SETTINGS.foreignStream),
    foreignTenant: of(SETTINGS.foreignTenant),
    kinesisPort: of(SETTINGS.kinesisPort),
    table: of(SETTINGS.table),
  };
  if (settings.foreignStream === settings.stream)
    throw new Usage(`--foreign-stream ${JSON.stringify(settings.stream)}: expected another name than --stream has`);
  return settings;
}

type Flags = Readonly<Record<string, string | boolean | undefined>>;

function readFlags(argv: readonly string[]): Flags {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
  };
  for (const { flag } of Object.values(SETTINGS)) options[flag] = { type: "string" };
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // parseArgs explains at length what else might have been meant; its first sentence names the argument.
    const [reason] = (error instanceof Error ? error.message : String(error)).split(/[.\n](?:\s|$)/);
    throw new Usage(`${reason}; npm start -- --help lists the flags`);
  }
}

function readSetting<T>(setting: Setting<T>, flag: string | boolean | undefined, env: string | undefined): T {
  const text = typeof flag === "string" ? flag : env || setting.default;
  const value = setting.read(text);
  if (value !== undefined) return value;
  const name = typeof flag === "string" ? `--${setting.flag}` : setting.env;
  throw new Usage(`${name} ${JSON.stringify(text)}: expected ${setting.expected}`);
}

/** Other endpoints in place of the embedded ones; the SDK reads them itself (AWS SDKs reference, "Service-specific endpoints"). */
const AWS_VARIABLES: readonly (readonly [string, string])[] = [
  ["AWS_ENDPOINT_URL_KINESIS", "use this Kinesis instead of the embedded one"],
  ["AWS_ENDPOINT_URL_DYNAMODB", "use this DynamoDB instead of the embedded one"],
  ["AWS_ENDPOINT_URL", "use this endpoint for both"],
  ["AWS_REGION, AWS_PROFILE, AWS_ACCESS_KEY_ID, …", "region and credentials for these, found as every AWS SDK does"],
];

/** The text of --help. */
export function helpText(): string {
  const rows = Object.values(SETTINGS).map((setting): readonly [string, string, string] => [
    `--${setting.flag} (${setting.default || "none"})`,
    setting.env,
    setting.about,
  ]);
  const [flagWidth, envWidth] = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return [
    "npm start -- [flags]",
    "",
    "Skua in one process: OTLP in, Jaeger's query API out, with a Kinesis and a DynamoDB of its own.",
    "",
    "Flags (default), environment variable:",
    ...rows.map(([flag, env, about]) => `  ${flag.padEnd(flagWidth ?? 0)}  ${env.padEnd(envWidth ?? 0)}  ${about}`),
    "  --help, -h",
    "",
    "Environment:",
    ...AWS_VARIABLES.map(([name, about]) => `  ${name}\n      ${about}`),
    "",
  ].join("\n");
}
