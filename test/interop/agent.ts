import { execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { collectorConfig, collectorSettings } from "../../infra/agents/collector.ts";
import type { AgentOptions } from "../../infra/agents/options.ts";
import { bareEnvironment } from "../support/skua-server.ts";

const READY_MILLIS = 30_000;

/** What Kubernetes would set. The pod's address is the loopback's. */
export const POD = {
  MY_POD_IP: "127.0.0.1",
  MY_POD_NAME: "shop-0",
  MY_POD_UID: "8b0d3f5e-0000-4000-8000-000000000000",
  MY_NAMESPACE: "shops",
  MY_NODE_NAME: "node-1",
};

export interface Agent {
  readonly otlp: string;
  readonly jaeger: string;
  readonly zipkin: string;
  readonly sampling: string;
  readonly metrics: string;
  /** Ports. */
  readonly udp: { readonly compact: number; readonly binary: number };
  /** All it said so far. */
  said(): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface AgentParts {
  readonly binary: string;
  readonly options: AgentOptions;
  /** Of its configuration, its token and its queue. */
  readonly folder: string;
  readonly token: string;
  readonly env?: Readonly<Record<string, string>>;
  /** More configuration, over the agent's own. */
  readonly over?: Readonly<Record<string, object>>;
}

/** Throws what the Collector finds wrong in the configuration as we generate it. */
export async function validateAgent({ binary, options, folder, token, env }: AgentParts): Promise<void> {
  const file = join(folder, "collector.yaml");
  await writeFile(file, stringify(collectorConfig(options)));
  await promisify(execFile)(binary, ["validate", `--config=${file}`], { env: agentEnv(options, token, env) });
}

const agentEnv = (options: AgentOptions, token: string, env: AgentParts["env"] = {}): NodeJS.ProcessEnv =>
  bareEnvironment({ ...POD, SKUA_TOKEN: token, ...collectorSettings(options), ...env });

/** A real Collector with the configuration that we generate; only ports and folders are other ones. */
export async function startAgent(parts: AgentParts): Promise<Agent> {
  const { binary, options, folder, token, env } = parts;
  const ports = await freePorts();
  await mountToken(folder, token);
  await writeFile(join(folder, "collector.yaml"), stringify(collectorConfig(options)));
  await writeFile(join(folder, "here.yaml"), stringify(moved(parts, ports)));
  const child = spawn(binary, [`--config=${join(folder, "collector.yaml")}`, `--config=${join(folder, "here.yaml")}`], {
    env: agentEnv(options, token, env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const killed = (): boolean => child.kill("SIGKILL");
  process.once("exit", killed);
  const ended = once(child, "exit").finally(() => process.off("exit", killed));
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += String(chunk);
    });
  const local = (port: number) => `http://127.0.0.1:${port}`;
  const health = local(ports.health);
  const isReady = async (): Promise<boolean> => (await fetch(health).catch(() => undefined))?.ok === true;
  for (const end = Date.now() + READY_MILLIS; !(await isReady()); await sleep(100))
    if (Date.now() > end || child.exitCode !== null) {
      child.kill("SIGKILL");
      throw new Error(`the Collector did not start:\n${said}`);
    }
  return {
    otlp: local(ports.otlp),
    jaeger: local(ports.jaeger),
    zipkin: local(ports.zipkin),
    sampling: local(ports.sampling),
    metrics: local(ports.metrics),
    udp: { compact: ports.compact, binary: ports.binary },
    said: () => said,
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}

/** As the kubelet lays a Secret out, and changes it: by links, so that it is replaced at once. */
export async function mountToken(folder: string, token: string): Promise<void> {
  const old = (await readdir(folder)).filter((name) => name.startsWith("..secret-"));
  const version = await mkdtemp(join(folder, "..secret-"));
  await writeFile(join(version, "token"), token);
  await symlink(basename(version), join(folder, "..new"));
  await rename(join(folder, "..new"), join(folder, "..data"));
  if (old.length === 0) await symlink("..data/token", join(folder, "token"));
  for (const name of old) await rm(join(folder, name), { recursive: true });
}

type Ports = Awaited<ReturnType<typeof freePorts>>;

/** The same places elsewhere. */
function moved({ options, folder, over = {} }: AgentParts, ports: Ports) {
  const host = options.mode === "sidecar" ? "localhost" : `[\${env:MY_POD_IP}]`;
  const at = (port: number) => ({ endpoint: `${host}:${port}` });
  const usesFile = options.destination.to === "endpoint" && options.destination.auth === "token";
  const queue = join(folder, "queue");
  const sampling = { http: at(ports.sampling), grpc: at(ports.samplingGrpc) };
  return {
    ...over,
    receivers: {
      otlp: { protocols: { grpc: at(ports.otlpGrpc), http: at(ports.otlp) } },
      jaeger: {
        protocols: {
          grpc: at(ports.jaegerGrpc),
          thrift_http: at(ports.jaeger),
          thrift_compact: at(ports.compact),
          thrift_binary: at(ports.binary),
        },
      },
      zipkin: at(ports.zipkin),
    },
    extensions: {
      health_check: { endpoint: `[\${env:MY_POD_IP}]:${ports.health}` },
      file_storage: { directory: queue, compaction: { directory: queue } },
      ...(usesFile ? { bearertokenauth: { filename: join(folder, "token") } } : {}),
      ...(options.strategies === undefined ? {} : { jaegerremotesampling: sampling }),
    },
    service: {
      telemetry: {
        metrics: { readers: [{ pull: { exporter: { prometheus: { host: "127.0.0.1", port: ports.metrics } } } }] },
      },
    },
  };
}

async function freePorts() {
  const names = ["otlp", "otlpGrpc", "jaeger", "jaegerGrpc", "zipkin", "sampling", "samplingGrpc", "health", "metrics"];
  const tcp = await Promise.all(names.map(async () => createServer().listen(0, "127.0.0.1")));
  const udp = ["compact", "binary"].map(() => createSocket("udp4").bind(0, "127.0.0.1"));
  await Promise.all([...tcp, ...udp].map((one) => once(one, "listening")));
  const portOf = (address: string | { port: number } | null): number =>
    typeof address === "object" && address !== null ? address.port : 0;
  const taken = tcp.map((server) => portOf(server.address()));
  const [compact = 0, binary = 0] = udp.map((socket) => socket.address().port);
  for (const one of [...tcp, ...udp]) one.close();
  const [otlp = 0, otlpGrpc = 0, jaeger = 0, jaegerGrpc = 0, zipkin = 0, sampling = 0, samplingGrpc = 0] = taken;
  const [health = 0, metrics = 0] = taken.slice(-2);
  return { otlp, otlpGrpc, jaeger, jaegerGrpc, zipkin, sampling, samplingGrpc, health, metrics, compact, binary };
}
