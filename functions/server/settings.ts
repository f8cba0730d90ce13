import { parseArgs } from "node:util";
import { SETTINGS, type Setting, type Settings } from "./settings-table.ts";
import { Usage } from "./usage.ts";

/** Where tokens may stand instead of in a file: a secret that whatever starts the process hands to it. */
export const ACCESS_VARIABLE = "SKUA_ACCESS_TABLE";

/** What the command line asks for. A flag beats its environment variable, which beats the default; an empty variable is none. */
export function readSettings(argv: readonly string[], env: NodeJS.ProcessEnv): Settings | "help" {
  const flags = readFlags(argv);
  if (flags.help === true) return "help";
  const of = <T>(setting: Setting<T>): T => readSetting(setting, flags[setting.flag], env[setting.env]);
  const settings: Settings = {
    host: of(SETTINGS.host),
    otlpGrpcPort: of(SETTINGS.otlpGrpcPort),
    otlpHttpPort: of(SETTINGS.otlpHttpPort),
    jaegerGrpcPort: of(SETTINGS.jaegerGrpcPort),
    jaegerHttpPort: of(SETTINGS.jaegerHttpPort),
    zipkinPort: of(SETTINGS.zipkinPort),
    udpCompactPort: of(SETTINGS.udpCompactPort),
    udpBinaryPort: of(SETTINGS.udpBinaryPort),
    udpTenant: of(SETTINGS.udpTenant),
    samplingPort: of(SETTINGS.samplingPort),
    samplingGrpcPort: of(SETTINGS.samplingGrpcPort),
    queryPort: of(SETTINGS.queryPort),
    healthPort: of(SETTINGS.healthPort),
    metricsPort: of(SETTINGS.metricsPort),
    access: of(SETTINGS.access),
    isOpen: of(SETTINGS.isOpen),
    corsOrigins: of(SETTINGS.corsOrigins),
    strategies: of(SETTINGS.strategies),
    alerts: of(SETTINGS.alerts),
    data: of(SETTINGS.data),
    retentionHours: of(SETTINGS.retentionHours),
    stream: of(SETTINGS.stream),
    foreignStream: of(SETTINGS.foreignStream),
    foreignTenant: of(SETTINGS.foreignTenant),
    kinesisPort: of(SETTINGS.kinesisPort),
    dynamoPort: of(SETTINGS.dynamoPort),
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
  for (const { flag, isSwitch } of Object.values<Setting<unknown>>(SETTINGS))
    options[flag] = { type: isSwitch ? "boolean" : "string" };
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    // parseArgs explains at length what else might have been meant; its first sentence names the argument.
    const [reason] = (error instanceof Error ? error.message : String(error)).split(/[.\n](?:\s|$)/);
    throw new Usage(`${reason}; npm start -- --help lists the flags`);
  }
}

function readSetting<T>(setting: Setting<T>, flag: string | boolean | undefined, env: string | undefined): T {
  const text = flag === undefined ? env || setting.default : String(flag);
  const value = setting.read(text);
  if (value !== undefined) return value;
  const name = flag !== undefined ? `--${setting.flag}` : setting.env;
  throw new Usage(`${name} ${JSON.stringify(text)}: expected ${setting.expected}`);
}

/** Instead of --access, so that a secret need not be a file. */
const ACCESS_ROW = [ACCESS_VARIABLE, "what would stand in the file of --access"] as const;

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
    ...[ACCESS_ROW, ...AWS_VARIABLES].map(([name, about]) => `  ${name}\n      ${about}`),
    "",
  ].join("\n");
}
