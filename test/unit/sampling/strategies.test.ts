import { describe, expect, test } from "vitest";
import { samplingApp } from "../../../lib/http/sampling.ts";
import { TracingError } from "../../../lib/model/errors.ts";
import { KEEP_ALL, readStrategies, type Strategies } from "../../../lib/sampling/strategies.ts";

/** In the shape of Jaeger's documentation of the file, with every rule in it. */
const FILE = JSON.stringify({
  default_strategy: {
    type: "probabilistic",
    param: 0.5,
    operation_strategies: [
      { operation: "/health", type: "probabilistic", param: 0 },
      { operation: "/metrics", type: "const", param: 0 },
    ],
  },
  service_strategies: [
    {
      service: "web",
      type: "probabilistic",
      param: 0.8,
      operation_strategies: [
        { operation: "/pay", type: "probabilistic", param: 1 },
        { operation: "/health", type: "probabilistic", param: 0.1 },
      ],
    },
    { service: "jobs", type: "ratelimiting", param: 5.9 },
    { service: "all", type: "const", param: 1 },
  ],
});

function app(strategies: Strategies, file = "{}") {
  const faults: unknown[] = [];
  const hono = samplingApp(
    { strategies: () => strategies, file: () => file, tenantOf: () => "t", onFault: (error) => faults.push(error) },
    true,
  );
  return { get: (path: string) => hono.request(path), faults };
}

const operation = (name: string, samplingRate: number) => ({
  operation: name,
  probabilisticSampling: { samplingRate },
});
const block = (defaultSamplingProbability: number, ...perOperationStrategies: ReturnType<typeof operation>[]) => ({
  defaultSamplingProbability,
  defaultLowerBoundTracesPerSecond: 0,
  perOperationStrategies,
  defaultUpperBoundTracesPerSecond: 0,
});

describe("a client that asks how to sample", () => {
  const { get } = app(readStrategies(FILE, "file"));

  test.each([
    [
      "any",
      {
        strategyType: "PROBABILISTIC",
        probabilisticSampling: { samplingRate: 0.5 },
        operationSampling: block(0.5, operation("/health", 0), operation("/metrics", 0)),
      },
    ],
    [
      "web",
      {
        strategyType: "PROBABILISTIC",
        probabilisticSampling: { samplingRate: 0.8 },
        operationSampling: block(0.8, operation("/health", 0.1), operation("/metrics", 0), operation("/pay", 1)),
      },
    ],
    [
      "jobs",
      {
        strategyType: "RATE_LIMITING",
        rateLimitingSampling: { maxTracesPerSecond: 5 },
        operationSampling: block(0.5, operation("/health", 0), operation("/metrics", 0)),
      },
    ],
    [
      "all",
      {
        strategyType: "PROBABILISTIC",
        probabilisticSampling: { samplingRate: 1 },
        operationSampling: block(1, operation("/health", 0), operation("/metrics", 0)),
      },
    ],
  ])("for %s is told its own strategy, with the default's operations where it has none", async (service, expected) => {
    for (const path of ["/sampling", "/api/sampling", "/"]) {
      const answer = await get(`${path}?service=${service}`);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
      expect(await answer.json(), path).toEqual(expected);
    }
  });

  test("without a file keeps everything", async () => {
    const answer = await app(KEEP_ALL).get("/sampling?service=web");
    expect(await answer.text()).toBe('{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}}');
  });

  test.each(["/sampling", "/sampling?service=", "/sampling?service=a&service=b", "/?name=a"])(
    "has to say for which service, once: %s",
    async (path) => {
      const answer = await get(path);
      expect([answer.status, await answer.text()]).toEqual([400, "'service' parameter must be provided once\n"]);
    },
  );

  test("that is a Collector gets the file itself", async () => {
    const answer = await app(KEEP_ALL, FILE).get("/sampling/strategies.json");
    expect([answer.status, await answer.json()]).toEqual([200, JSON.parse(FILE)]);
  });
});

describe("a strategies file", () => {
  test.each([
    ["{", "strategies.json: expected JSON"],
    ["[]", "strategies.json: the whole: expected an object"],
    [
      '{"default_strategy":{"type":"probabilistic","param":"0.5"}}',
      "strategies.json: default_strategy.param: expected a number from 0",
    ],
    [
      '{"default_strategy":{"type":"probabilistic","param":1.5}}',
      "strategies.json: default_strategy.param 1.5: expected a probability from 0 to 1",
    ],
    [
      '{"default_strategy":{"type":"const","param":0.5}}',
      "strategies.json: default_strategy.param 0.5: expected 0 or 1",
    ],
    [
      '{"service_strategies":[{"service":"a"},{"service":"b","type":"adaptive"}]}',
      "strategies.json: service_strategies.1.type: expected probabilistic, ratelimiting or const",
    ],
    [
      '{"service_strategies":[{"type":"const","param":1}]}',
      "strategies.json: service_strategies.0.service: expected a name",
    ],
    [
      '{"service_strategies":[{"service":"a","operation_strategies":[{"operation":"x","type":"ratelimiting","param":1}]}]}',
      'strategies.json: service_strategies.0.operation_strategies.0.type "ratelimiting": expected probabilistic or const',
    ],
    ['{"service_strategies":{}}', "strategies.json: service_strategies: expected a list"],
  ])("%s is refused with the path of what is wrong", (text, message) => {
    expect(() => readStrategies(text, "strategies.json")).toThrow(message);
  });

  test("may leave out what it does not state, as Jaeger's may", async () => {
    const { get } = app(
      readStrategies('{"service_strategies":null,"default_strategy":{"operation_strategies":[]}}', "f"),
    );
    expect(await (await get("/sampling?service=x")).json()).toEqual({
      strategyType: "PROBABILISTIC",
      probabilisticSampling: { samplingRate: 1 },
    });
  });
});

describe("a client that may not ask, or not now", () => {
  const answerTo = async (fault: TracingError) => {
    const hono = samplingApp(
      {
        strategies: () => KEEP_ALL,
        file: () => "{}",
        tenantOf: () => Promise.reject(fault),
        onFault: () => undefined,
      },
      false,
    );
    const { status, headers } = await hono.request("/sampling/strategies.json");
    return [status, headers.get("www-authenticate")];
  };

  test("is told how to name itself", async () => {
    const [status, challenge] = await answerTo(new TracingError("unauthenticated", "who?"));
    expect([status, String(challenge).includes("Bearer")]).toEqual([401, true]);
  });

  test("is never answered 503, which the Collector takes for an empty file", async () => {
    expect(await answerTo(new TracingError("unavailable", "not now"))).toEqual([500, null]);
  });
});
