import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { jaegerBatchToOtlp, jaegerEmitBatchToOtlp } from "../../lib/jaeger/thrift/batch.ts";
import { zipkinV1JsonToOtlp } from "../../lib/zipkin/v1-json.ts";
import { zipkinV2JsonToOtlp } from "../../lib/zipkin/v2-json.ts";
import { shownAsJaeger } from "../support/shown-as-jaeger.ts";

/** What real clients sent (doors/make.ts); what must be shown was written by hand from what the script told them. */
const sent = (name: string) => readFileSync(new URL(`doors/${name}`, import.meta.url));

const START = 1_790_000_000_000_000;

interface Shown {
  readonly tags: readonly { readonly key: string; readonly type: string; readonly value: unknown }[];
}

/** Tags as `[type, value]` by key. */
const tagsOf = ({ tags }: Shown) => Object.fromEntries(tags.map(({ key, type, value }) => [key, [type, value]]));

const jaegerClients = [
  ["jaeger-client over UDP", () => jaegerEmitBatchToOtlp(sent("jaeger-client-udp.thrift"), "binary")],
  ["jaeger-client over HTTP", () => jaegerBatchToOtlp(sent("jaeger-client-http.thrift"), "binary")],
] as const;

for (const [name, read] of jaegerClients) {
  test(`${name}: every type of tag, a log, an error, and a child that follows`, () => {
    const [child, parent] = shownAsJaeger(read());
    expect(parent).toMatchObject({ operationName: "parent", startTime: START, duration: 4000, references: [] });
    expect(parent.traceID).toMatch(/^[0-9a-f]{32}$/);
    expect(tagsOf(parent)).toEqual({
      "sampler.type": ["string", "const"],
      "sampler.param": ["bool", true],
      "http.method": ["string", "GET"],
      whole: ["float64", 42],
      half: ["float64", 0.5],
      yes: ["bool", true],
      bytes: ["binary", "AQL/"],
      "span.kind": ["string", "server"],
      "otel.status_code": ["string", "ERROR"],
      error: ["bool", true],
    });
    expect(parent.logs).toEqual([
      {
        timestamp: START + 1000,
        fields: [
          { key: "event", type: "string", value: "retry" },
          { key: "attempt", type: "float64", value: 2 },
        ],
      },
    ]);
    const { serviceName, tags } = parent.process;
    expect(serviceName).toBe("golden-jaeger");
    expect(tagsOf({ tags })).toMatchObject({
      "app.version": ["string", "1.2.3"],
      "opencensus.exporterversion": ["string", "Jaeger-Node-3.19.0"],
      "host.name": ["string", "host.example"],
    });
    expect(child).toMatchObject({
      operationName: "child",
      startTime: START + 2000,
      duration: 1000,
      tags: [],
      logs: [],
    });
    expect(child.references).toEqual([{ refType: "FOLLOWS_FROM", traceID: parent.traceID, spanID: parent.spanID }]);
    expect(child.process).toEqual(parent.process);
  });
}

test("OpenTelemetry's Jaeger exporter: kind, status with its description, event and parent", () => {
  const [child, parent] = shownAsJaeger(jaegerEmitBatchToOtlp(sent("otel-jaeger-udp.thrift"), "binary"));
  expect(tagsOf(parent)).toMatchObject({
    "http.request.method": ["string", "GET"],
    "http.response.status_code": ["float64", 500],
    "span.kind": ["string", "client"],
    "otel.status_code": ["string", "ERROR"],
    error: ["bool", true],
    "otel.status_description": ["string", "no stock"],
  });
  expect(parent.logs[0].fields[0]).toEqual({ key: "event", type: "string", value: "exception" });
  expect(child.references).toEqual([{ refType: "CHILD_OF", traceID: parent.traceID, spanID: parent.spanID }]);
  expect([parent.process.serviceName, child.process.serviceName]).toEqual(["golden-otel", "golden-otel"]);
});

test("OpenTelemetry's Zipkin exporter: tags are strings, the error keeps its words", () => {
  const [child, parent] = shownAsJaeger(zipkinV2JsonToOtlp(sent("otel-zipkin.json")));
  expect(parent.tags).toContainEqual({ key: "http.response.status_code", type: "string", value: "500" });
  expect(parent.tags).toContainEqual({ key: "error", type: "string", value: "no stock" });
  expect(parent.tags).toContainEqual({ key: "otel.status_code", type: "string", value: "ERROR" });
  expect(parent).toMatchObject({ operationName: "GET /cart", startTime: START, duration: 4000 });
  expect(child.references).toEqual([{ refType: "CHILD_OF", traceID: parent.traceID, spanID: parent.spanID }]);
  expect(child.process).toEqual({ serviceName: "golden-otel", tags: [] });
});

test("zipkin for Node: both versions tell the same call", () => {
  const [old, oldParent] = shownAsJaeger(zipkinV1JsonToOtlp(sent("zipkin-v1.json")));
  const [call, parent] = shownAsJaeger(zipkinV2JsonToOtlp(sent("zipkin-v2.json")));
  for (const shown of [old, call]) {
    expect(tagsOf(shown)).toEqual({
      "http.path": ["string", "/cart"],
      "peer.service": ["string", "stock"],
      "net.peer.ip": ["string", "10.0.0.2"],
      "net.peer.port": ["int64", 8080],
      "span.kind": ["string", "client"],
    });
    expect(shown).toMatchObject({ operationName: "get", process: { serviceName: "golden-zipkin", tags: [] } });
    expect(shown.logs.map(({ fields }: { fields: unknown }) => fields)).toEqual([
      [{ key: "event", type: "string", value: "retry" }],
    ]);
  }
  expect(old.references[0].spanID).toBe(oldParent.spanID);
  expect([oldParent.process.serviceName, parent.process.serviceName]).toEqual(["unknown-service", "golden-zipkin"]);
});
