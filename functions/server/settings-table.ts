import { NANOS_PER_HOUR, parseGoDuration } from "../../lib/model/time.ts";
import { TENANT_NAME, TENANT_NAME_EXPECTED } from "../../lib/runtime/tenant-name.ts";

export interface Settings {
  readonly host: string;
  readonly otlpGrpcPort: number;
  readonly otlpHttpPort: number;
  readonly jaegerGrpcPort: number;
  readonly jaegerHttpPort: number;
  readonly zipkinPort: number;
  readonly udpCompactPort: number;
  readonly udpBinaryPort: number;
  /** Whose spans come by UDP; empty: the default tenant's where nobody is asked for credentials, else nobody's. */
  readonly udpTenant: string;
  readonly samplingPort: number;
  readonly samplingGrpcPort: number;
  readonly queryPort: number;
  readonly healthPort: number;
  readonly metricsPort: number;
  /** File of who may do what; empty when there is none. */
  readonly access: string;
  /** Whether other machines may come in without credentials. */
  readonly isOpen: boolean;
  readonly corsOrigins: readonly string[];
  /** File of sampling strategies; empty when there is none. */
  readonly strategies: string;
  /** File of services that are watched; empty when there is none. */
  readonly alerts: string;
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
  /** Where the embedded DynamoDB listens, for functions that run beside it. */
  readonly dynamoPort: number;
  readonly table: string;
}

/** One row: a flag, its environment variable, its default, and how its value is read. Help and faults come from it too. */
export interface Setting<T> {
  readonly flag: string;
  readonly env: string;
  readonly default: string;
  readonly about: string;
  readonly expected: string;
  /** Given without a value it is "true". */
  readonly isSwitch?: true;
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

/** All of them, as --help lists them. */
export const SETTINGS: { readonly [K in keyof Settings]: Setting<Settings[K]> } = {
  host: {
    flag: "host",
    env: "SKUA_HOST",
    default: "127.0.0.1",
    about: "address to listen on",
    expected: "an address or a host name",
    read: (text) => (/^[\w.:%-]+$/.test(text) ? text : undefined),
  },
  otlpGrpcPort: port("otlp-grpc-port", 4317, "OTLP over gRPC"),
  otlpHttpPort: port("otlp-http-port", 4318, "OTLP over HTTP (POST /v1/traces)"),
  jaegerGrpcPort: port("jaeger-grpc-port", 14_250, "Jaeger's gRPC: spans and sampling strategies"),
  jaegerHttpPort: port("jaeger-http-port", 14_268, "Jaeger's Thrift over HTTP (POST /api/traces)"),
  zipkinPort: port("zipkin-port", 9411, "Zipkin (POST /api/v2/spans and /api/v1/spans)"),
  udpCompactPort: port("udp-compact-port", 6831, "Jaeger's clients by UDP, compact Thrift"),
  udpBinaryPort: port("udp-binary-port", 6832, "Jaeger's clients by UDP, binary Thrift"),
  udpTenant: {
    flag: "udp-tenant",
    env: "SKUA_UDP_TENANT",
    default: "",
    about:
      "whose spans come by UDP, which has no room for a token; needed where --access is given, or the ports stay closed",
    expected: `nothing, or ${TENANT_NAME_EXPECTED.replace(/^expected /, "")}`,
    read: (text) => (text === "" || TENANT_NAME.test(text) ? text : undefined),
  },
  samplingPort: port("sampling-port", 5778, "sampling strategies (GET /sampling?service=…)"),
  samplingGrpcPort: port("sampling-grpc-port", 5779, "sampling strategies over gRPC"),
  queryPort: port("query-port", 16_686, "the query API and the start page"),
  healthPort: port("health-port", 13_133, "health (GET /status)"),
  metricsPort: port("metrics-port", 8888, "Prometheus metrics (GET /metrics)"),
  access: {
    flag: "access",
    env: "SKUA_ACCESS",
    default: "",
    about: "file of tokens and what each may do (npm run token writes it); read again when it changes",
    expected: "a file",
    read: (text) => text,
  },
  isOpen: {
    flag: "open",
    env: "SKUA_OPEN",
    default: "false",
    about: "let other machines in without credentials, where --host is not the loopback",
    expected: "true or false",
    isSwitch: true,
    read: (text) => (text === "true" ? true : text === "false" ? false : undefined),
  },
  corsOrigins: {
    flag: "cors-origins",
    env: "SKUA_CORS_ORIGINS",
    default: "http://localhost:*,http://127.0.0.1:*",
    about: "web pages that may send spans, with commas between; * is any port or one label",
    expected: "origins such as https://app.example, or nothing",
    read: readOrigins,
  },
  strategies: {
    flag: "strategies",
    env: "SKUA_STRATEGIES",
    default: "",
    about:
      "file of sampling strategies, in Jaeger's format; read again when it changes. Without one everything is kept",
    expected: "a file",
    read: (text) => text,
  },
  alerts: {
    flag: "alerts",
    env: "SKUA_ALERTS",
    default: "",
    about: "file of services that are watched (docs/operate.md); read again when it changes",
    expected: "a file",
    read: (text) => text,
  },
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
  dynamoPort: port("dynamodb-port", 0, "the embedded DynamoDB, on the loopback, for functions that SAM runs"),
  table: awsName("table", "name of the DynamoDB table; created if absent"),
};

function readOrigins(text: string): readonly string[] | undefined {
  const origins = text.split(",").map((origin) => origin.trim());
  if (text.trim() === "") return [];
  return origins.every((origin) => /^https?:\/\/[a-z0-9.*-]+(:(\d{1,5}|\*))?$/.test(origin)) ? origins : undefined;
}

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
