import { equal, ok } from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { SkuaServer } from "../support/skua-server.ts";
import { type Program, runProgram } from "./program.ts";
import { readTraces } from "./shown.ts";
import type { Toolchain } from "./toolchains.ts";

/** A program of examples/…/samplers: which clients there are in which language. */
interface Sampled {
  readonly language: "node" | "python" | "go" | "java";
  readonly family: "jaeger" | "otel";
}

export const SAMPLED: readonly Sampled[] = (["node", "python", "go", "java"] as const).flatMap((language) =>
  (["jaeger", "otel"] as const).map((family) => ({ language, family })),
);

interface Share {
  readonly type: "const" | "probabilistic" | "ratelimiting";
  readonly env: Readonly<Record<string, string>>;
  /** How many of the requests may have been kept. */
  readonly isRight: (kept: number, requests: number, seconds: number) => boolean;
}

/** What the programs ask for: three of ten, two a second. */
const PROBABILITY = 0.3;
const PER_SECOND = 2;
/** A bucket is full at the start: so much comes on top of the rate. */
const BURST = PER_SECOND;

const deviation = (requests: number) => Math.sqrt(requests * PROBABILITY * (1 - PROBABILITY));

export const SHARES: Readonly<Record<string, Share>> = {
  "const 1": { type: "const", env: {}, isRight: (kept, requests) => kept === requests },
  "const 0": {
    type: "const",
    env: { JAEGER_SAMPLER_PARAM: "0", KEEP: "0" },
    isRight: (kept) => kept === 0,
  },
  probabilistic: {
    type: "probabilistic",
    env: {},
    isRight: (kept, requests) => Math.abs(kept - requests * PROBABILITY) <= 3 * deviation(requests),
  },
  "rate limiting": {
    type: "ratelimiting",
    env: { REQUESTS: "250", PER_SECOND: "50" },
    isRight: (kept, _, seconds) => kept >= (PER_SECOND - 1) * seconds && kept <= (PER_SECOND + 1) * seconds + BURST,
  },
};

const capital = (word: string) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;

/** What a language calls the program of a family and a type of sampler. */
const PROGRAMS: Readonly<Record<Sampled["language"], (family: string, type: string) => string>> = {
  node: (family, type) => `samplers/${family}-${type}.mjs`,
  python: (family, type) => `samplers/${family}_${type}.py`,
  go: (family, type) => `${family}-${type}`,
  java: (family, type) => `shop.samplers.${capital(family)}${capital(type)}`,
};

/** A client, and what it speaks to. */
export interface Run {
  readonly sampled: Sampled;
  readonly toolchain: Toolchain;
  readonly server: SkuaServer;
}

/** Where spans go and where strategies are asked for, in every client's words. */
function program({ sampled, toolchain, server }: Run, type: string, service: string): Program {
  const { language } = sampled;
  const sampling = new URL(server.sampling);
  return {
    words: toolchain.run(PROGRAMS[language](sampled.family, type)),
    folder: toolchain.folder,
    env: {
      JAEGER_SERVICE_NAME: service,
      JAEGER_AGENT_HOST: "127.0.0.1",
      JAEGER_AGENT_PORT: String(language === "node" ? server.udp.binary : server.udp.compact),
      JAEGER_SAMPLER_MANAGER_HOST_PORT: sampling.host,
      JAEGER_SAMPLING_ENDPOINT: `${server.sampling}/sampling`,
      SAMPLING_PORT: sampling.port,
      SAMPLING_ENDPOINT: server.sampling,
      SAMPLING_GRPC_ENDPOINT: server.samplingGrpc,
      OTEL_SERVICE_NAME: service,
      OTEL_EXPORTER_OTLP_ENDPOINT: server.otlp,
      OTLP_ENDPOINT: server.otlp,
    },
  };
}

/**
 * The share that the client says it kept is the one that was asked for, and just those traces are there. Three deviations
 * are missed by one fair run in 370, so there is a second try.
 */
export async function expectShare(run: Run, name: string, share: Share): Promise<void> {
  const service = `${run.sampled.language} ${run.sampled.family} ${name}`;
  await expectShareOnce(run, service, share).catch((error: unknown) => {
    if (share.type !== "probabilistic") throw error;
    return expectShareOnce(run, `${service}, again`, share);
  });
}

async function expectShareOnce(run: Run, service: string, { type, env, isRight }: Share): Promise<void> {
  const { env: common = {}, ...rest } = program(run, type, service);
  const { printed } = await runProgram({ ...rest, env: { ...common, ...env } });
  const sum = (key: string) => printed.reduce((total, second) => total + Number(second[key]), 0);
  const [requests, kept] = [sum("requests"), sum("kept")];
  ok(requests >= 250, `${requests} requests`);
  ok(isRight(kept, requests, printed.length), `${kept} of ${requests} were kept in ${printed.length} s`);
  await expectTraces(run.server, service, kept);
}

const VISIBLE_MILLIS = 10_000;

async function expectTraces({ query }: SkuaServer, service: string, count: number): Promise<void> {
  let found = -1;
  for (const end = Date.now() + VISIBLE_MILLIS; Date.now() < end && found < count; await sleep(200))
    found = (await readTraces(query, service)).length;
  equal(found, count, `${found} traces of ${count} that were kept`);
}

/** Enough for two changes of the file, each seen by the server and by the client within a second. */
const REMOTE_SECONDS = 12;
const REMOTE_PER_SECOND = 20;

/** The server's file of strategies: what share of each service's requests is kept. */
export interface Strategies {
  readonly file: string;
  readonly shares: Map<string, number>;
}

/** Says what share is kept of a service from now on. */
export function setShare({ file, shares }: Strategies, service: string, share: number): void {
  shares.set(service, share);
  const services = [...shares].map(([name, param]) => ({ service: name, type: "probabilistic", param }));
  const text = JSON.stringify({ default_strategy: { type: "probabilistic", param: 1 }, service_strategies: services });
  // In one step: nobody reads half of it.
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

/** A running client that asks the server keeps everything, and nothing once the file says so. */
export async function expectFollows(run: Run, strategies: Strategies): Promise<void> {
  const service = `${run.sampled.language} ${run.sampled.family} remote`;
  setShare(strategies, service, 1);
  const { env: common = {}, ...rest } = program(run, "remote", service);
  const { printed, said } = await runProgram({
    ...rest,
    env: { ...common, REQUESTS: `${REMOTE_SECONDS * REMOTE_PER_SECOND}`, PER_SECOND: `${REMOTE_PER_SECOND}` },
    onObject: ({ kept }) => {
      if (kept === REMOTE_PER_SECOND) setShare(strategies, service, 0);
    },
  });
  const shares = printed.map(({ kept }) => kept);
  const whole = shares.indexOf(REMOTE_PER_SECOND);
  ok(whole >= 0 && shares.indexOf(0, whole) > whole, `kept of ${REMOTE_PER_SECOND} each second: ${shares}\n${said}`);
}
