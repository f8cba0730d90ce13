import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type DemoSpan, demoTrace } from "../../infra/operate/demo-shop.ts";
import { Random } from "../data/random.ts";
import { search, until } from "../support/otlp.ts";
import { ANY_PORTS, bareEnvironment, NODE, startServer, temporaryFolder } from "../support/skua-server.ts";

const SERVICES = [
  ...["accounting", "ad", "cart", "checkout", "currency", "email", "frontend", "payment"],
  ...["product-catalog", "quote", "recommendation", "shipping"],
];
const START = Date.UTC(2026, 10, 22, 12);

/** What the shop's spans say, without a look at how they were made. */
interface Shown {
  readonly spanId: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status?: { readonly code: number };
}
const shown = ({ json }: DemoSpan): Shown => JSON.parse(JSON.stringify(json));

function visits(count: number): readonly (readonly DemoSpan[])[] {
  const random = new Random(7);
  return Array.from({ length: count }, (_, i) => demoTrace(START + i * 100, () => random.fraction()));
}

test("a visit is one tree: one root, parents that are there, and nothing outlasts what it was called by", () => {
  for (const trace of visits(500)) {
    const spans = new Map(trace.map((span) => [shown(span).spanId, shown(span)]));
    expect(spans.size).toBe(trace.length);
    expect(new Set([...spans.values()].map(({ traceId }) => traceId)).size).toBe(1);
    expect([...spans.values()].filter(({ parentSpanId }) => parentSpanId === undefined)).toHaveLength(1);
    for (const { parentSpanId, startTimeUnixNano: start, endTimeUnixNano: end } of spans.values()) {
      expect(BigInt(start)).toBeLessThanOrEqual(BigInt(end));
      if (parentSpanId === undefined) continue;
      const parent = spans.get(parentSpanId);
      expect(BigInt(parent?.startTimeUnixNano ?? 0n)).toBeLessThanOrEqual(BigInt(start));
      expect(BigInt(parent?.endTimeUnixNano ?? 0n)).toBeGreaterThanOrEqual(BigInt(end));
    }
  }
});

test("twelve services take part; some visits fail, some are slow, most are neither", () => {
  const all = visits(2_000);
  expect([...new Set(all.flat().map(({ service }) => service))].toSorted()).toEqual(SERVICES);
  const failed = all.filter((trace) => trace.some((span) => shown(span).status?.code === 2)).length;
  expect(failed / all.length).toBeGreaterThan(0.01);
  expect(failed / all.length).toBeLessThan(0.1);
  const slow = all.filter((trace) => {
    const root = trace.map(shown).find(({ parentSpanId }) => parentSpanId === undefined);
    return BigInt(root?.endTimeUnixNano ?? 0) - BigInt(root?.startTimeUnixNano ?? 0) > 1_000_000_000n;
  }).length;
  expect(slow / all.length).toBeGreaterThan(0.003);
  expect(slow / all.length).toBeLessThan(0.05);
});

const folder = temporaryFolder();
afterAll(() => folder.remove());

function demo(...args: string[]): { child: ChildProcess; output: () => string; ended: Promise<unknown[]> } {
  const child = spawn(NODE, ["infra/operate/demo.ts", ...args], {
    env: bareEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += String(chunk);
    });
  return { child, output: () => output, ended: once(child, "close") };
}

test("npm run demo starts a server, fills it, says what to open, and ends with it on Ctrl-C", {
  timeout: 60_000,
}, async () => {
  const { child, output, ended } = demo("--rate", "40", "--data", join(folder.path, "demo"), ...ANY_PORTS);
  const query = await until(async () => / open +(http\S+)\/\n/.exec(output())?.[1], "address to open", 30_000);
  const services = await until(
    async () => {
      const { data }: { data: string[] } = JSON.parse(await (await fetch(`${query}/api/services`)).text());
      return data.length === SERVICES.length ? data : undefined;
    },
    "twelve services",
    20_000,
  );
  expect(services).toEqual(SERVICES);
  expect(await search(query, { service: "frontend" })).not.toEqual([]);
  const [, errors = ""] = / errors +(\S+)\n/.exec(output()) ?? [];
  expect((await fetch(errors)).status).toBe(200);
  child.kill("SIGINT");
  expect(await ended).toEqual([0, null]);
  expect(output()).toMatch(/\n\d+ traces, \d+ spans sent\n$/);
  await expect(fetch(`${query}/api/services`)).rejects.toThrow();
});

test("it sends to a server that runs, as many traces as it is told to, and leaves that one alone", {
  timeout: 60_000,
}, async () => {
  const server = await startServer({ data: join(folder.path, "running") });
  const { output, ended } = demo("--endpoint", server.otlp, "--rate", "100", "--seconds", "3");
  expect(await ended).toEqual([0, null]);
  const [, traces, spans] = /\n(\d+) traces, (\d+) spans sent\n$/.exec(output()) ?? [];
  expect(Number(traces)).toBeGreaterThan(150);
  expect(Number(traces)).toBeLessThan(400);
  expect(Number(spans)).toBeGreaterThan(Number(traces));
  expect((await fetch(`${server.query}/api/services`)).status).toBe(200);
  expect(await server.stop()).toBe(0);
});

test("flags that say nothing are refused in one line", { timeout: 60_000 }, async () => {
  for (const [args, reason] of [
    [["--rate", "0"], "--rate 0: expected a number above 0"],
    [["--endpoint", "http://127.0.0.1:1", "--data", "x"], "--data: not with --endpoint"],
  ] as const) {
    const { output, ended } = demo(...args);
    expect(await ended).toEqual([2, null]);
    expect(output()).toContain(reason);
    expect(output().split("\n")).toHaveLength(2);
  }
});
