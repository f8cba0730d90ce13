import type { SkuaServer } from "../support/skua-server.ts";
import { jaegerClientOfGo, jaegerClientOfJava, jaegerClientOfNode, jaegerClientOfPython } from "./expected/jaeger.ts";
import {
  jaegerExporterOfJavaScript,
  jaegerGrpcExporterOfPython,
  otlpOfGoAndJava,
  otlpOfJavaScript,
  otlpOfPython,
  zipkinExporterOfJavaScript,
} from "./expected/otel.ts";
import {
  zipkinV1OfNode,
  zipkinV1OfPython,
  zipkinV2OfGo,
  zipkinV2OfJava,
  zipkinV2OfNode,
  zipkinV2OfPython,
} from "./expected/zipkin.ts";
import type { ShownTrace } from "./shown.ts";
import type { Language } from "./toolchains.ts";

/** Addresses to send to; of UDP, ports. */
export type Doors = Pick<SkuaServer, "otlp" | "otlpGrpc" | "jaeger" | "jaegerGrpc" | "zipkin" | "udp">;

/** A program of examples/ that sends one trace and prints its id, and when it began, as JSON. */
export interface Client {
  readonly name: string;
  readonly language: Language;
  readonly program: string;
  /** Where to, in the words of the client's own settings. */
  readonly env: (server: Doors) => Readonly<Record<string, string>>;
  readonly expected: ShownTrace;
}

const otlpHttp = ({ otlp }: Doors) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp });
const otlpGrpc = ({ otlpGrpc: endpoint }: Doors) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
const agent = (port: number) => ({ JAEGER_AGENT_HOST: "127.0.0.1", JAEGER_AGENT_PORT: String(port) });
const zipkin = ({ zipkin: url }: Doors) => ({ ZIPKIN_URL: url });

const node: readonly Omit<Client, "language">[] = [
  {
    name: "OpenTelemetry, OTLP/HTTP with protobuf",
    program: "otlp-http-proto.mjs",
    env: otlpHttp,
    expected: otlpOfJavaScript,
  },
  {
    name: "OpenTelemetry, OTLP/HTTP with protobuf, gzip",
    program: "otlp-http-proto.mjs",
    env: (server) => ({ ...otlpHttp(server), OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }),
    expected: otlpOfJavaScript,
  },
  {
    name: "OpenTelemetry, OTLP/HTTP with JSON",
    program: "otlp-http-json.mjs",
    env: otlpHttp,
    expected: otlpOfJavaScript,
  },
  { name: "OpenTelemetry, OTLP/gRPC", program: "otlp-grpc.mjs", env: otlpGrpc, expected: otlpOfJavaScript },
  {
    name: "OpenTelemetry, OTLP/gRPC, gzip",
    program: "otlp-grpc.mjs",
    env: (server) => ({ ...otlpGrpc(server), OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }),
    expected: otlpOfJavaScript,
  },
  {
    name: "OpenTelemetry, Zipkin exporter",
    program: "otel-zipkin.mjs",
    env: ({ zipkin: url }) => ({ OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${url}/api/v2/spans` }),
    expected: zipkinExporterOfJavaScript,
  },
  {
    name: "OpenTelemetry, Jaeger exporter by UDP",
    program: "otel-jaeger.mjs",
    env: ({ udp }) => ({
      OTEL_EXPORTER_JAEGER_AGENT_HOST: "127.0.0.1",
      OTEL_EXPORTER_JAEGER_AGENT_PORT: String(udp.binary),
    }),
    expected: jaegerExporterOfJavaScript,
  },
  {
    name: "OpenTelemetry, Jaeger exporter by HTTP",
    program: "otel-jaeger.mjs",
    env: ({ jaeger }) => ({ OTEL_EXPORTER_JAEGER_ENDPOINT: `${jaeger}/api/traces` }),
    expected: jaegerExporterOfJavaScript,
  },
  {
    name: "jaeger-client by UDP",
    program: "jaeger-client.mjs",
    env: ({ udp }) => agent(udp.binary),
    expected: jaegerClientOfNode,
  },
  {
    name: "jaeger-client by HTTP",
    program: "jaeger-client.mjs",
    env: ({ jaeger }) => ({ JAEGER_ENDPOINT: `${jaeger}/api/traces` }),
    expected: jaegerClientOfNode,
  },
  {
    name: "zipkin, version 1 in JSON",
    program: "zipkin.mjs",
    env: (server) => ({ ...zipkin(server), ZIPKIN_VERSION: "1" }),
    expected: zipkinV1OfNode,
  },
  { name: "zipkin, version 2 in JSON", program: "zipkin.mjs", env: zipkin, expected: zipkinV2OfNode },
];

const python: readonly Omit<Client, "language">[] = [
  ...(["none", "gzip", "deflate"] as const).map((compression) => ({
    name: `OpenTelemetry, OTLP/HTTP, compression ${compression}`,
    program: "otlp_http.py",
    env: (server: Doors) => ({ ...otlpHttp(server), OTEL_EXPORTER_OTLP_COMPRESSION: compression }),
    expected: otlpOfPython,
  })),
  { name: "OpenTelemetry, OTLP/gRPC", program: "otlp_grpc.py", env: otlpGrpc, expected: otlpOfPython },
  {
    name: "OpenTelemetry, OTLP/gRPC, gzip",
    program: "otlp_grpc.py",
    env: (server) => ({ ...otlpGrpc(server), OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }),
    expected: otlpOfPython,
  },
  {
    name: "jaeger-client by UDP",
    program: "jaeger_udp.py",
    env: ({ udp }) => agent(udp.compact),
    expected: jaegerClientOfPython,
  },
  ...(["v1_json", "v2_json", "v2_proto3"] as const).map((encoding) => ({
    name: `py_zipkin, ${encoding}`,
    program: "zipkin_http.py",
    env: (server: Doors) => ({ ...zipkin(server), ZIPKIN_ENCODING: encoding }),
    expected: encoding === "v1_json" ? zipkinV1OfPython : zipkinV2OfPython,
  })),
];

const go: readonly Omit<Client, "language">[] = [
  { name: "OpenTelemetry, OTLP/HTTP", program: "otlp-http", env: otlpHttp, expected: otlpOfGoAndJava },
  { name: "OpenTelemetry, OTLP/gRPC", program: "otlp-grpc", env: otlpGrpc, expected: otlpOfGoAndJava },
  {
    name: "OpenTelemetry, OTLP/gRPC, gzip",
    program: "otlp-grpc",
    env: (server) => ({ ...otlpGrpc(server), OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" }),
    expected: otlpOfGoAndJava,
  },
  {
    name: "jaeger-client-go by UDP",
    program: "jaeger",
    env: ({ udp }) => agent(udp.compact),
    expected: jaegerClientOfGo,
  },
  {
    name: "jaeger-client-go by HTTP",
    program: "jaeger",
    env: ({ jaeger }) => ({ JAEGER_ENDPOINT: `${jaeger}/api/traces` }),
    expected: jaegerClientOfGo,
  },
  { name: "zipkin-go, JSON", program: "zipkin", env: zipkin, expected: zipkinV2OfGo.json },
  {
    name: "zipkin-go, protobuf",
    program: "zipkin",
    env: (server) => ({ ...zipkin(server), ZIPKIN_ENCODING: "proto" }),
    expected: zipkinV2OfGo.proto,
  },
];

const java: readonly Omit<Client, "language">[] = [
  {
    name: "OpenTelemetry, OTLP/HTTP, gzip",
    program: "shop.OtlpHttp",
    env: ({ otlp }) => ({ OTLP_ENDPOINT: otlp }),
    expected: otlpOfGoAndJava,
  },
  {
    name: "OpenTelemetry, OTLP/gRPC",
    program: "shop.OtlpGrpc",
    env: ({ otlpGrpc: endpoint }) => ({ OTLP_ENDPOINT: endpoint }),
    expected: otlpOfGoAndJava,
  },
  {
    name: "jaeger-client by UDP",
    program: "shop.JaegerClient",
    env: ({ udp }) => agent(udp.compact),
    expected: jaegerClientOfJava,
  },
  {
    name: "jaeger-client by HTTP",
    program: "shop.JaegerClient",
    env: ({ jaeger }) => ({ JAEGER_ENDPOINT: `${jaeger}/api/traces` }),
    expected: jaegerClientOfJava,
  },
  { name: "Brave", program: "shop.ZipkinBrave", env: zipkin, expected: zipkinV2OfJava },
];

export const CLIENTS: readonly Client[] = [
  ...node.map((client) => ({ ...client, language: "node" as const })),
  ...python.map((client) => ({ ...client, language: "python" as const })),
  {
    name: "py_zipkin, v1_thrift",
    language: "pythonThrift",
    program: "send.py",
    env: zipkin,
    expected: zipkinV1OfPython,
  },
  {
    name: "OpenTelemetry of 2023, Jaeger's gRPC",
    language: "pythonJaegerGrpc",
    program: "send.py",
    env: ({ jaegerGrpc }) => ({ OTEL_EXPORTER_JAEGER_ENDPOINT: new URL(jaegerGrpc).host }),
    expected: jaegerGrpcExporterOfPython,
  },
  ...go.map((client) => ({ ...client, language: "go" as const })),
  ...java.map((client) => ({ ...client, language: "java" as const })),
];
