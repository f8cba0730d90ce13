import { deepEqual, equal, ok } from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AgentOptions } from "../../infra/agents/options.ts";
import { readOptions } from "../../infra/agents/read-options.ts";
import { type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";
import { type Agent, type AgentParts, mountToken, POD, startAgent, validateAgent } from "./agent.ts";
import type { Check } from "./checks.ts";
import { jaegerClientOfNode } from "./expected/jaeger.ts";
import { startKubeApi } from "./kube-api.ts";
import { builtCollector } from "./otelcol.ts";
import { runProgram } from "./program.ts";
import { type JaegerTrace, shown } from "./shown.ts";
import { signedBy } from "./signed-request.ts";
import type { Toolchain } from "./toolchains.ts";

const TOKEN = `skua_${"t".repeat(43)}`;
const REGION = "eu-central-1";
const KEYS = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret", AWS_REGION: REGION };

/** How long Skua is away. */
const AWAY_MILLIS = 30_000;

const SAMPLED = 0.25;

/** The agents' configuration in a real Collector; without Go all are skipped. */
export function agentChecks(node: Toolchain | undefined): readonly Check[] {
  let built: Promise<string | undefined> | undefined;
  const check = (name: string, run: (binary: string) => Promise<void>): Check => ({
    name: `agent: ${name}`,
    async run() {
      built ??= builtCollector();
      const binary = await built;
      if (binary === undefined) return "there is no Go to build a Collector with";
      if (node === undefined) return "there are no packages to send with";
      await run(binary);
      return undefined;
    },
  });
  return [
    check("every configuration is valid to the Collector", validateAll),
    check("a classic client is shown as if it had sent to Skua, its pod named", (binary) => throughNode(binary, node)),
    check("nothing is lost while Skua is killed for 30 s, and the Collector too", survives),
    check("a token is the new one as soon as its Secret is", rotates),
    check("straight into the stream that others write", intoStream),
    check("requests are signed as AWS checks them", signs),
  ];
}

const ENDPOINT = ["--endpoint", "https://ingest.example"];
const DESTINATIONS = [
  ENDPOINT,
  [...ENDPOINT, "--auth", "none"],
  [...ENDPOINT, "--auth", "sigv4", "--region", REGION],
  ["--stream", "spans", "--region", REGION],
];

async function validateAll(binary: string): Promise<void> {
  for (const mode of ["daemonset", "sidecar", "gateway"])
    for (const to of DESTINATIONS) {
      const strategies = ["--strategies", "https://ingest.example/sampling/strategies.json"];
      const options = asked("--mode", mode, ...to, ...strategies, "--redact");
      await inFolder((folder) => validateAgent({ binary, options, folder, token: TOKEN, env: KEYS }));
    }
}

/** jaeger-client → DaemonSet's configuration → Skua with tokens and strategies → query. */
function throughNode(binary: string, node: Toolchain | undefined): Promise<void> {
  return inFolder(async (folder) => {
    const server = await guarded(folder);
    const kube = await startKubeApi(folder, POD, ownAddress());
    const options = asked("--mode", "daemonset", ...to(server), "--redact");
    const over = { processors: { k8s_attributes: { auth_type: "kubeConfig" } } };
    const agent = await startAgent({ binary, options, folder, token: TOKEN, over, env: { KUBECONFIG: kube.config } });
    try {
      await kube.watched;
      const strategy = await fetch(`${agent.sampling}/sampling?service=shop`);
      deepEqual(await strategy.json(), { probabilisticSampling: { samplingRate: SAMPLED } });
      const { printed } = await runProgram({
        words: node?.run("jaeger-client.mjs") ?? ["false"],
        folder: node?.folder ?? ".",
        env: { JAEGER_AGENT_HOST: "127.0.0.1", JAEGER_AGENT_PORT: String(agent.udp.binary) },
      });
      const { traceId, start } = printed[0] ?? {};
      const trace = await readWhole(server, String(traceId), jaegerClientOfNode.spans.length);
      const { spans } = shown(trace, Number(start));
      const pod = {
        "k8s.namespace.name": ["string", POD.MY_NAMESPACE],
        "k8s.pod.name": ["string", POD.MY_POD_NAME],
        "k8s.pod.uid": ["string", POD.MY_POD_UID],
        "k8s.node.name": ["string", POD.MY_NODE_NAME],
        "k8s.deployment.name": ["string", "shop"],
      } as const;
      const expected = jaegerClientOfNode.spans.map((span) => ({
        ...span,
        tags: "cart.token" in span.tags ? { ...span.tags, ...MASKED } : span.tags,
        process: { ...span.process, tags: { ...span.process.tags, ...pod } },
      }));
      deepEqual(spans, expected);
      await masks(agent, server);
      deepEqual([...kube.asked], ["pods"]);
      ok(!agent.said().includes(TOKEN), "the token stands in the Collector's log");
    } finally {
      await agent.stop();
      await server.stop();
      kube.close();
    }
  });
}

/** What becomes of the tag whose name says "token". */
const MASKED = { "cart.token": ["string", "****"], "redaction.masked.count": ["int64", 1] } as const;

/** Of this machine in its network, as the client finds it. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}

/** What the redaction processor does to one span's attributes. */
async function masks(agent: Agent, server: SkuaServer): Promise<void> {
  const id = traceId(1);
  await send(agent, id, { "user.password": "hunter2", note: "card 4111111111111111", plain: "kept" });
  const [span] = (await readWhole(server, id, 1)).spans;
  const tags = new Map(span?.tags.map(({ key, value }) => [key, value]));
  deepEqual([tags.get("user.password"), tags.get("note"), tags.get("plain")], ["****", "card ****", "kept"]);
}

/** Spans are sent all the while; both ends are killed, and start again. */
function survives(binary: string): Promise<void> {
  return inFolder(async (folder) => {
    let server = await guarded(folder);
    const options = asked("--mode", "sidecar", ...to(server));
    const parts: AgentParts = { binary, options, folder, token: TOKEN };
    let agent = await startAgent(parts);
    const sent: string[] = [];
    const sendFor = async (millis: number) => {
      for (const end = Date.now() + millis; Date.now() < end; await sleep(50)) {
        const id = traceId(1000 + sent.length);
        await send(agent, id, {});
        sent.push(id);
      }
    };
    try {
      await sendFor(2_000);
      await server.stop("SIGKILL");
      await sendFor(AWAY_MILLIS);
      const port = (url: string) => new URL(url).port;
      const again = ["--otlp-http-port", port(server.otlp), "--sampling-port", port(server.sampling)];
      server = await guarded(folder, again);
      // What has been taken stands on the disk: nothing but that is left after a kill.
      await agent.stop("SIGKILL");
      agent = await startAgent(parts);
      await sendFor(2_000);
      const missing = await missingOf(server, sent);
      deepEqual(missing, [], `${missing.length} of ${sent.length} are lost`);
      console.log(`  ${sent.length} spans, none lost`);
    } finally {
      await agent.stop();
      await server.stop();
    }
  });
}

/** After the longest wait between two tries, and what it takes until it is shown. */
const DRAINED_MILLIS = 60_000;

async function missingOf(server: SkuaServer, sent: readonly string[]): Promise<readonly string[]> {
  let missing = sent;
  for (const end = Date.now() + DRAINED_MILLIS; missing.length > 0 && Date.now() < end; await sleep(500)) {
    const still: string[] = [];
    for (const id of missing) if ((await readOnce(server, id)) === undefined) still.push(id);
    missing = still;
  }
  return missing;
}

function rotates(binary: string): Promise<void> {
  return inFolder(async (folder) => {
    const server = await guarded(folder);
    const options = asked("--mode", "sidecar", "--endpoint", server.otlp, "--strategies", "none");
    const agent = await startAgent({ binary, options, folder, token: "skua_of-yesterday" });
    try {
      await mountToken(folder, TOKEN);
      await sleep(SECRET_SEEN_MILLIS);
      await send(agent, traceId(4), {});
      await readWhole(server, traceId(4), 1);
    } finally {
      await agent.stop();
      await server.stop();
    }
  });
}

/** From a file's change until the Collector has read it. */
const SECRET_SEEN_MILLIS = 1_000;

function intoStream(binary: string): Promise<void> {
  return inFolder(async (folder) => {
    const flags = ["--foreign-stream", "collectors"];
    const server = await guarded(folder, flags);
    const options = asked("--mode", "gateway", "--stream", "collectors", "--region", REGION);
    const kinesis = server.lines.find(({ msg }) => msg === "ready")?.kinesis;
    equal(typeof kinesis, "string");
    const over = {
      processors: { k8s_attributes: { auth_type: "none", passthrough: true } },
      exporters: { awskinesis: { aws: { kinesis_endpoint: String(kinesis) } } },
    };
    const agent = await startAgent({ binary, options, folder, token: TOKEN, over, env: KEYS });
    try {
      await send(agent, traceId(2), { plain: "kept" });
      const { spans } = await readWhole(server, traceId(2), 1);
      equal(spans[0]?.operationName, "POST /checkout");
    } finally {
      await agent.stop();
      await server.stop();
    }
  });
}

function signs(binary: string): Promise<void> {
  return inFolder(async (folder) => {
    const aws = await signedBy({ ...KEYS, region: REGION, service: "lambda" });
    const options = asked("--mode", "sidecar", "--endpoint", aws.url, "--auth", "sigv4", "--region", REGION);
    const agent = await startAgent({ binary, options, folder, token: TOKEN, env: KEYS });
    try {
      await send(agent, traceId(3), {});
      deepEqual(await aws.first, { path: "/v1/traces", isRightlySigned: true });
    } finally {
      await agent.stop();
      aws.close();
    }
  });
}

function asked(...flags: string[]): AgentOptions {
  const options = readOptions(flags);
  if (options === "help") throw new Error(`${flags.join(" ")}: these flags ask for help`);
  return options;
}

const to = ({ otlp, sampling }: SkuaServer): readonly string[] => [
  ...["--endpoint", otlp],
  ...["--strategies", `${sampling}/sampling/strategies.json`],
];

/** A server that asks for a token, and has a file of strategies. */
function guarded(folder: string, flags: readonly string[] = []): Promise<SkuaServer> {
  const [access, strategies] = [join(folder, "access.json"), join(folder, "strategies.json")];
  const sha256 = createHash("sha256").update(TOKEN).digest("hex");
  writeFileSync(access, JSON.stringify({ tokens: [{ sha256, tenant: "default", scopes: ["ingest", "query"] }] }));
  writeFileSync(strategies, JSON.stringify({ default_strategy: { type: "probabilistic", param: SAMPLED } }));
  const given = ["--access", access, "--strategies", strategies];
  return startServer({ data: join(folder, "data"), flags: [...given, ...flags] });
}

async function inFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = temporaryFolder();
  mkdirSync(folder.path, { recursive: true });
  try {
    return await run(folder.path);
  } finally {
    folder.remove();
  }
}

const traceId = (number: number): string => `5b8efff798038103${number.toString(16).padStart(16, "0")}`;

async function send({ otlp }: Agent, id: string, attributes: Readonly<Record<string, string>>): Promise<void> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const span = {
    ...{ traceId: id, spanId: id.slice(-16).replace(/^0/, "1"), name: "POST /checkout", kind: 2 },
    ...{ startTimeUnixNano: String(now), endTimeUnixNano: String(now + 1_000_000n) },
    attributes: Object.entries(attributes).map(([key, value]) => text(key, value)),
  };
  const resource = { attributes: [text("service.name", "shop")] };
  const answer = await fetch(`${otlp}/v1/traces`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
  });
  if (!answer.ok) throw new Error(`the Collector answers ${answer.status}: ${await answer.text()}`);
}

async function readOnce({ query }: SkuaServer, id: string): Promise<JaegerTrace | undefined> {
  const answer = await fetch(`${query}/api/traces/${id}`, { headers: { Authorization: `Bearer ${TOKEN}` } });
  const text = await answer.text();
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`trace ${id}: ${answer.status} ${text}`);
  return JSON.parse(text).data[0];
}

const VISIBLE_MILLIS = 20_000;

async function readWhole(server: SkuaServer, id: string, spans: number): Promise<JaegerTrace> {
  for (const end = Date.now() + VISIBLE_MILLIS; Date.now() < end; await sleep(150)) {
    const trace = await readOnce(server, id);
    if (trace !== undefined && trace.spans.length >= spans) return trace;
  }
  throw new Error(`trace ${id} with ${spans} spans: not within ${VISIBLE_MILLIS} ms`);
}
