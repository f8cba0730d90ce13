import { describe, expect, test } from "vitest";
import { helpText, readSettings } from "../../../functions/server/settings.ts";
import { Usage } from "../../../functions/server/usage.ts";

const DEFAULTS = {
  host: "127.0.0.1",
  otlpGrpcPort: 4317,
  otlpHttpPort: 4318,
  jaegerGrpcPort: 14_250,
  jaegerHttpPort: 14_268,
  zipkinPort: 9411,
  udpCompactPort: 6831,
  udpBinaryPort: 6832,
  udpTenant: "",
  samplingPort: 5778,
  samplingGrpcPort: 5779,
  queryPort: 16_686,
  healthPort: 13_133,
  metricsPort: 8888,
  alerts: "",
  access: "",
  isOpen: false,
  corsOrigins: ["http://localhost:*", "http://127.0.0.1:*"],
  strategies: "",
  data: ".skua",
  retentionHours: 168,
  stream: "skua",
  foreignStream: "",
  foreignTenant: "default",
  kinesisPort: 0,
  dynamoPort: 0,
  table: "skua",
};

describe("the command line", () => {
  test("asks for nothing, and gets Jaeger's own ports on the loopback and a week", () => {
    expect(readSettings([], {})).toEqual(DEFAULTS);
  });

  test("beats the environment, which beats the default", () => {
    const env = { SKUA_QUERY_PORT: "1", SKUA_HEALTH_PORT: "2", SKUA_RETENTION: "36h" };
    expect(readSettings(["--query-port", "0", "--data=/tmp/x"], env)).toEqual({
      ...DEFAULTS,
      queryPort: 0,
      healthPort: 2,
      retentionHours: 36,
      data: "/tmp/x",
    });
  });

  test.each([
    [["--query-port", "65536"], '--query-port "65536": expected a port, 0 to 65535'],
    [["--otlp-http-port", "http"], '--otlp-http-port "http": expected a port, 0 to 65535'],
    [["--health-port=-1"], '--health-port "-1": expected a port, 0 to 65535'],
    [["--retention", "30m"], '--retention "30m": expected whole hours from 1h to 8760h, such as 36h'],
    [["--retention", "8761h"], '--retention "8761h": expected whole hours from 1h to 8760h, such as 36h'],
    [["--host", "a b"], '--host "a b": expected an address or a host name'],
    [
      ["--cors-origins", "https://a.example,b"],
      '--cors-origins "https://a.example,b": expected origins such as https://app.example, or nothing',
    ],
    [["--data", ""], '--data "": expected a folder'],
    [["--stream", "a/b"], '--stream "a/b": expected 3 to 128 of a-z A-Z 0-9 _ . -'],
    [["--foreign-stream", "a/b"], '--foreign-stream "a/b": expected nothing, or 3 to 128 of a-z A-Z 0-9 _ . -'],
    [["--foreign-stream", "skua"], '--foreign-stream "skua": expected another name than --stream has'],
    [
      ["--foreign-tenant", "a b"],
      '--foreign-tenant "a b": expected 1 to 63 of A-Z a-z 0-9 . _ -, beginning with one of the first three',
    ],
  ])("%j is refused by flag, value and expectation", (argv, message) => {
    expect(() => readSettings(argv, {})).toThrow(new Usage(message));
  });

  test("may name a second stream, whose spans it is told, and a port of the Kinesis that takes them", () => {
    const ports = ["--kinesis-port", "4567", "--dynamodb-port", "4569"];
    const flags = ["--foreign-stream", "collectors", "--foreign-tenant", "acme", ...ports];
    const expected = {
      ...DEFAULTS,
      foreignStream: "collectors",
      foreignTenant: "acme",
      kinesisPort: 4567,
      dynamoPort: 4569,
    };
    expect(readSettings(flags, {})).toEqual(expected);
    const env = {
      SKUA_FOREIGN_STREAM: "collectors",
      SKUA_FOREIGN_TENANT: "acme",
      SKUA_KINESIS_PORT: "4567",
      SKUA_DYNAMODB_PORT: "4569",
    };
    expect(readSettings([], env)).toEqual(expected);
  });

  test("names the variable when the wrong value came from the environment", () => {
    expect(() => readSettings([], { SKUA_HEALTH_PORT: "x" })).toThrow(
      new Usage('SKUA_HEALTH_PORT "x": expected a port, 0 to 65535'),
    );
  });

  test("takes an empty variable for one that is not set, as compose files and charts leave them", () => {
    expect(readSettings([], { SKUA_RETENTION: "", SKUA_HOST: "", SKUA_QUERY_PORT: "", SKUA_DATA: "" })).toEqual(
      DEFAULTS,
    );
  });

  test.each([["--prot"], ["4318"], ["--query-port"]])(
    "does not know %s, says so in one line and where to look",
    (arg) => {
      expect(() => readSettings([arg], {})).toThrow(/^[^\n]+; npm start -- --help lists the flags$/);
    },
  );

  test.each([["--help"], ["-h"]])("%s wins over everything but a flag that does not exist", (flag) => {
    expect(readSettings([flag, "--query-port", "x"], {})).toBe("help");
  });
});

test("the help names every flag, its variable and its default, and the SDK's variables", () => {
  const help = helpText();
  for (const [flag, value] of [
    ["host", "127.0.0.1"],
    ["otlp-http-port", "4318"],
    ["query-port", "16686"],
    ["health-port", "13133"],
    ["data", ".skua"],
    ["retention", "168h"],
    ["stream", "skua"],
    ["foreign-stream", "none"],
    ["foreign-tenant", "default"],
    ["kinesis-port", "0"],
    ["dynamodb-port", "0"],
    ["table", "skua"],
  ]) {
    expect(help).toContain(`--${flag} (${value})`);
    expect(help).toContain(`SKUA_${flag?.toUpperCase().replaceAll("-", "_")} `);
  }
  for (const name of ["AWS_ENDPOINT_URL_KINESIS", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL\n", "AWS_REGION"])
    expect(help).toContain(name);
});
