import { deepEqual, equal } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { opentelemetry } from "../../proto/gen/index.js";
import { grpcFrame, readWebAnswer } from "../support/grpc-frames.ts";
import { thriftBytes } from "../support/thrift-structs.ts";
import type { Answer } from "./signed-request.ts";
import { accessTable, bearer, type Stage, until } from "./stage.ts";
import type { Step } from "./tally.ts";
import { tracesIn } from "./trace.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

export const STRATEGIES_FILE = "test/deploy/strategies.json";
export const WEB_PAGE = "https://shop.example";

/** One span as each protocol writes it. */
interface Door {
  readonly name: string;
  readonly path: string;
  readonly contentType: string;
  readonly body: (span: Span) => string | Uint8Array;
  /** Throws unless the answer says, in the protocol's own way, that the span was taken. */
  readonly isTaken: (answer: Answer) => void;
}

interface Span {
  /** 16 hex digits each. */
  readonly high: string;
  readonly low: string;
  readonly span: string;
  readonly startMicros: number;
  readonly operation: string;
}

const SERVICE = "doors";

const otlp = ({ high, low, span, startMicros, operation }: Span): Uint8Array =>
  ExportTraceServiceRequest.encode(
    ExportTraceServiceRequest.fromObject({
      resourceSpans: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: SERVICE } }] },
          scopeSpans: [
            {
              spans: [
                {
                  traceId: Buffer.from(high + low, "hex"),
                  spanId: Buffer.from(span, "hex"),
                  name: operation,
                  startTimeUnixNano: `${startMicros}000`,
                  endTimeUnixNano: `${startMicros + 250}000`,
                },
              ],
            },
          ],
        },
      ],
    }),
  ).finish();

const jaeger = ({ high, low, span, startMicros, operation }: Span) => ({
  process: { serviceName: SERVICE },
  spans: [
    {
      ...{ traceIdLow: signed(low), traceIdHigh: signed(high), spanId: signed(span), parentSpanId: 0n },
      ...{ operationName: operation, flags: 1, startTime: BigInt(startMicros), duration: 250n },
    },
  ],
});

const zipkin = ({ high, low, span, startMicros, operation }: Span) => ({
  ...{ traceId: high + low, id: span, name: operation, timestamp: startMicros, duration: 250 },
  localEndpoint: { serviceName: SERVICE },
});

const signed = (hex: string): bigint => BigInt.asIntN(64, BigInt(`0x${hex}`));

const statusIs = (status: number) => (answer: Answer) => equal(answer.status, status, answer.text);
const isGrpcOk = ({ status, body, text }: Answer): void => {
  equal(status, 200, text);
  equal(readWebAnswer(body).trailers["grpc-status"], "0", text);
};

const DOORS: readonly Door[] = [
  {
    name: "OTLP",
    ...{ path: "v1/traces", contentType: "application/x-protobuf", body: otlp, isTaken: statusIs(200) },
  },
  {
    name: "gRPC-web",
    path: "opentelemetry.proto.collector.trace.v1.TraceService/Export",
    contentType: "application/grpc-web+proto",
    body: (span) => grpcFrame(otlp(span)),
    isTaken: isGrpcOk,
  },
  {
    name: "Jaeger's Thrift",
    path: "api/traces",
    contentType: "application/x-thrift",
    body: (span) => thriftBytes("binary", "jaeger.Batch", jaeger(span)),
    isTaken: statusIs(202),
  },
  {
    name: "Zipkin",
    path: "api/v2/spans",
    contentType: "application/json",
    body: (span) => JSON.stringify([zipkin(span)]),
    isTaken: statusIs(202),
  },
];

/** Every protocol that fits through a function URL, and what clients ask for beside it. */
export function doorSteps(stage: Stage): Step[] {
  const credential = async () => bearer(String((await accessTable(stage)).firstToken)).headers;
  const sent = new Map<string, Span>();
  const file = readFileSync(STRATEGIES_FILE, "utf8");

  return [
    ...DOORS.map(
      ({ name, path, contentType, body, isTaken }): Step => ({
        name: `${name} is taken at the ingest URL`,
        run: async () => {
          const hex = () => randomBytes(8).toString("hex");
          const startMicros = (Date.now() - 2_000) * 1000;
          const span = { high: hex(), low: hex(), span: hex(), startMicros, operation: name };
          const headers = { "content-type": contentType, ...(await credential()) };
          isTaken(await stage.ingest(path, { headers, body: body(span) }));
          sent.set(span.high + span.low, span);
        },
      }),
    ),
    {
      name: "what came through each door is read back",
      run: async () => {
        equal(sent.size, DOORS.length);
        for (const [id, { span, startMicros, operation }] of sent) {
          const headers = await credential();
          const { text } = await until(
            () => stage.query(`api/traces/${id}`, { headers }),
            ({ status }) => status === 200,
          );
          const [trace] = tracesIn(text);
          const shown = trace?.spans.map(({ spanID, operationName, startTime, duration, processID }) => ({
            ...{ spanID, startTime, duration, operation: operationName.toLowerCase() },
            service: trace.processes[processID]?.serviceName,
          }));
          deepEqual(shown, [
            {
              spanID: span,
              startTime: startMicros,
              duration: 250,
              operation: operation.toLowerCase(),
              service: SERVICE,
            },
          ]);
        }
      },
    },
    {
      name: "clients are told how to sample as the file says that stood beside the bundle",
      run: async () => {
        const headers = await credential();
        const told = await stage.ingest("sampling?service=shop", { headers });
        deepEqual(JSON.parse(told.text).rateLimitingSampling, { maxTracesPerSecond: 5 });
        equal((await stage.ingest("sampling/strategies.json", { headers })).text, file);
        equal((await stage.ingest("sampling", { headers })).status, 400);
        equal((await stage.ingest("sampling?service=shop")).status, 401);
      },
    },
    {
      name: "a web page of the deployment may send, another may not",
      run: async () => {
        const allowed = async (origin: string) => {
          const headers = {
            origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization",
          };
          const answer = await stage.ingest("v1/traces", { method: "OPTIONS", headers });
          return answer.headers["access-control-allow-origin"];
        };
        deepEqual([await allowed(WEB_PAGE), await allowed("https://other.example")], [WEB_PAGE, undefined]);
      },
    },
  ];
}
