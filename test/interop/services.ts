import { deepEqual, equal, ok } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bareEnvironment, type SkuaServer } from "../support/skua-server.ts";
import { readTraces, type ShownSpan, shown, type Tag } from "./shown.ts";
import { EXAMPLES, type Language, type Toolchain } from "./toolchains.ts";

/** An application of examples/ that is started, called, and found by what it was called with. */
export interface Example {
  readonly name: string;
  readonly language: Language;
  /** In examples/; undefined for where the language's programs stand. */
  readonly folder: string | undefined;
  readonly program: readonly [name: string, ...args: string[]];
  readonly service: string;
  readonly env: (server: SkuaServer) => Readonly<Record<string, string>>;
  /** Tags of the request, among others. */
  readonly request: Readonly<Record<string, Tag>>;
  readonly operation: string;
}

const PORT = "PORT";
const RUN_SERVER = ["manage.py", "runserver", "--noreload", PORT] as const;

export const SERVICES: readonly Example[] = [
  {
    name: "the classic Django application",
    language: "python",
    folder: "django",
    program: RUN_SERVER,
    service: "django-shop",
    env: ({ udp }) => ({ TRACING_HOST: "127.0.0.1", TRACING_PORT: String(udp.compact) }),
    request: {
      path: ["string", "/cart"],
      method: ["string", "GET"],
      component: ["string", "django"],
      "http.method": ["string", "GET"],
      "http.url": ["string", "/cart?size=2"],
      "http.status_code": ["int64", 200],
      "span.kind": ["string", "server"],
      "sampler.type": ["string", "const"],
      "sampler.param": ["bool", true],
    },
    operation: "cart",
  },
  {
    name: "the Django application with OpenTelemetry",
    language: "python",
    folder: "django-otel",
    program: RUN_SERVER,
    service: "django-otel-shop",
    env: ({ otlp }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp, OTEL_SERVICE_NAME: "django-otel-shop" }),
    request: {
      "http.method": ["string", "GET"],
      "http.route": ["string", "cart"],
      "http.status_code": ["int64", 200],
      "span.kind": ["string", "server"],
    },
    operation: "GET cart",
  },
  {
    name: "the service of Node's http with OpenTelemetry",
    language: "node",
    folder: undefined,
    program: ["service.cjs"],
    service: "node-shop",
    env: ({ otlp }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp }),
    request: {
      "http.request.method": ["string", "GET"],
      "url.path": ["string", "/cart"],
      "url.query": ["string", "size=2"],
      "http.response.status_code": ["int64", 200],
      "span.kind": ["string", "server"],
    },
    operation: "GET",
  },
];

const START_MILLIS = 30_000;
const VISIBLE_MILLIS = 15_000;

/** Starts it, calls it once it listens, and finds the call's trace: the request's span and the view's own below it. */
export async function expectService(example: Example, toolchain: Toolchain, server: SkuaServer): Promise<void> {
  const { folder, program, env, operation, request, service } = example;
  const port = await freePort();
  const [name, ...args] = program;
  const [command, ...words] = toolchain.run(name);
  const child = spawn(command, [...words, ...args.map((word) => (word === PORT ? `127.0.0.1:${port}` : word))], {
    cwd: folder === undefined ? toolchain.folder : join(EXAMPLES, folder),
    env: bareEnvironment({ PYTHONDONTWRITEBYTECODE: "1", PORT: String(port), ...env(server) }),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(child, "exit");
  let said = "";
  child.stderr.on("data", (chunk) => {
    said += String(chunk);
  });
  try {
    const answer = await until(START_MILLIS, () =>
      fetch(`http://127.0.0.1:${port}/cart?size=2`).catch(() => undefined),
    );
    deepEqual(await answer?.json(), { items: ["book", "pen"] }, said);
    const found = await until(VISIBLE_MILLIS, async () =>
      (await readTraces(server.query, service)).find(({ spans }) => spans.length === 2),
    );
    ok(found, `no trace of ${service} with two spans\n${said}`);
    const [first, second] = shown(found, undefined).spans;
    equal(first?.name, operation);
    deepEqual(pick(first, Object.keys(request)), request);
    equal(second?.name, "load cart");
    deepEqual([second?.references, pick(second, ["cart.size"])], [[["CHILD_OF", operation]], { "cart.size": SIZE }]);
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}

const SIZE: Tag = ["int64", 2];

const pick = (span: ShownSpan | undefined, keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key, span?.tags[key]]));

async function until<T>(millis: number, attempt: () => Promise<T | undefined>): Promise<T | undefined> {
  for (const end = Date.now() + millis; Date.now() < end; await sleep(200)) {
    const value = await attempt();
    if (value !== undefined) return value;
  }
  return undefined;
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port to be had on 127.0.0.1");
  return address.port;
}
