/**
 * Real clients, each in a process of its own, send what examples/ has them send to a real server; what the query API then
 * shows is held against what was written by hand from their programs and their formats.
 *
 *   npm run interop              Node's and Python's clients, Kubernetes' manifests, Prometheus' rules, the image's files
 *   npm run interop -- --all     Go's and Java's too, and the agents' configuration in a real Collector
 *   npm run interop -- TEXT      only checks with the text in their names
 */
import { deepEqual } from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { summary, type Tally } from "../deploy/tally.ts";
import { type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";
import { agentChecks } from "./agents.ts";
import { findBrowser, type Sent, sendFromBrowser, WAYS } from "./browser.ts";
import { type Check, runChecks } from "./checks.ts";
import { CLIENTS, type Client } from "./clients.ts";
import { otlpOfJavaScript } from "./expected/otel.ts";
import { imageChecks } from "./image.ts";
import { manifestChecks } from "./manifests.ts";
import { runProgram } from "./program.ts";
import { prometheusChecks } from "./prometheus.ts";
import { expectFollows, expectShare, type Run, SAMPLED, SHARES, type Strategies, setShare } from "./samplers.ts";
import { expectService, SERVICES } from "./services.ts";
import { readTrace, type ShownTrace, shown } from "./shown.ts";
import { closedServer, TOKEN, TOKEN_SETTINGS } from "./tokens.ts";
import { type Language, TOOLCHAINS, type Toolchain } from "./toolchains.ts";

const [...words] = process.argv.slice(2);
const isAll = words.includes("--all");
const only = words.filter((word) => !word.startsWith("--"));
/** In CI these are not skipped. */
const VITAL: readonly Language[] = ["node", "python", "pythonThrift", "pythonJaegerGrpc"];
const LANGUAGES: readonly Language[] = isAll ? [...VITAL, "go", "java"] : VITAL;

async function main(): Promise<Tally> {
  await mkdir(join(import.meta.dirname, "../../.cache/interop"), { recursive: true });
  const start = performance.now();
  const entries = await Promise.all(LANGUAGES.map(async (name) => [name, await TOOLCHAINS[name]()] as const));
  const toolchains = new Map(entries);
  console.log(`installed in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  const folder = temporaryFolder();
  const strategies: Strategies = { file: join(folder.path, "strategies.json"), shares: new Map() };
  setShare(strategies, "none", 1);
  const server = await startServer({ data: join(folder.path, "data"), flags: ["--strategies", strategies.file] });
  const closed = closedServer();
  try {
    const checks = [
      ...browserChecks(toolchains.get("node"), server),
      ...CLIENTS.filter(({ language }) => toolchains.has(language)).map((client) =>
        checkOf(client, toolchains.get(client.language), async () => server),
      ),
      ...tokenChecks(toolchains, closed.get),
      ...serviceChecks(toolchains, server),
      ...samplerChecks(toolchains, server, strategies),
      ...manifestChecks,
      ...prometheusChecks(server),
      ...imageChecks,
      // A Collector is five minutes of building, once.
      ...(isAll ? agentChecks(toolchains.get("node")) : []),
    ];
    return await runChecks(checks.filter(({ name }) => only.every((text) => name.includes(text))));
  } finally {
    await Promise.all([server.stop(), closed.stop()]);
    folder.remove();
  }
}

/** `token` is what the client is told besides where to send. */
function checkOf(
  client: Client,
  toolchain: Toolchain | undefined,
  server: () => Promise<SkuaServer>,
  token?: Readonly<Record<string, string>>,
): Check {
  const { language, program, env, expected } = client;
  return {
    name: `${language}: ${client.name}${token === undefined ? "" : ", with a token"}`,
    async run() {
      if (toolchain === undefined) return absent(language);
      const { folder, run } = toolchain;
      const doors = await server();
      const { printed, said } = await runProgram({ words: run(program), folder, env: { ...env(doors), ...token } });
      const { traceId, start } = printed[0] ?? {};
      const sent = { traceId: String(traceId), start: Number(start), expected };
      await expectTrace(doors, sent, token === undefined ? "" : TOKEN).catch((error: Error) => {
        throw new Error(`${error.message}\nthe client said: ${said}`);
      });
      return undefined;
    },
  };
}

/** The same clients before a server that asks for tokens. */
const tokenChecks = (toolchains: Toolchains, closed: () => Promise<SkuaServer>): Check[] =>
  CLIENTS.flatMap((client) => {
    const settings = TOKEN_SETTINGS[`${client.language}: ${client.name}`];
    if (settings === undefined || !toolchains.has(client.language)) return [];
    return [checkOf(client, toolchains.get(client.language), closed, settings)];
  });

/** Why there is nothing to run; in CI, where it has to be there, an error. */
function absent(language: Language): string {
  if (process.env.CI === "true" && VITAL.includes(language)) throw new Error(`${language} is not here`);
  return `${language} is not here`;
}

interface Expectation {
  readonly traceId: string;
  /** Unix milliseconds. */
  readonly start: number;
  readonly expected: ShownTrace;
}

async function expectTrace(
  { query }: SkuaServer,
  { traceId, start, expected }: Expectation,
  token?: string,
): Promise<void> {
  const trace = await readTrace(query, traceId, expected.spans.length, token);
  const isTold = expected.spans.some(({ at }) => at !== undefined);
  deepEqual(shown(trace, isTold ? start : undefined), expected);
}

/** One page that sends in each way, and a check for each. */
function browserChecks(node: Toolchain | undefined, server: SkuaServer): Check[] {
  const browser = findBrowser();
  let page: Promise<Sent> | undefined;
  return WAYS.map((way) => ({
    name: `browser: ${way}`,
    async run() {
      if (browser === undefined || node === undefined) return "there is no browser here";
      page ??= sendFromBrowser(browser, node.folder, server.otlp);
      const sent = (await page)[way];
      if (sent === undefined || typeof sent === "string") throw new Error(`the page says: ${sent}`);
      await expectTrace(server, { ...sent, expected: otlpOfJavaScript });
      return undefined;
    },
  }));
}

type Toolchains = ReadonlyMap<Language, Toolchain | undefined>;

const serviceChecks = (toolchains: Toolchains, server: SkuaServer): Check[] =>
  SERVICES.map((example) => ({
    name: `${example.language}: ${example.name}`,
    async run() {
      const toolchain = toolchains.get(example.language);
      if (toolchain === undefined) return absent(example.language);
      await expectService(example, toolchain, server);
      return undefined;
    },
  }));

function samplerChecks(toolchains: Toolchains, server: SkuaServer, strategies: Strategies): Check[] {
  return SAMPLED.filter(({ language }) => toolchains.has(language)).flatMap((sampled) => {
    const { language, family } = sampled;
    const check = (what: string, expect: (run: Run) => Promise<void>): Check => ({
      name: `${language}: ${family} sampler, ${what}`,
      async run() {
        const toolchain = toolchains.get(language);
        if (toolchain === undefined) return absent(language);
        await expect({ sampled, toolchain, server });
        return undefined;
      },
    });
    return [
      ...Object.entries(SHARES).map(([name, share]) => check(name, (run) => expectShare(run, name, share))),
      check("remote, following the file", (run) => expectFollows(run, strategies)),
    ];
  });
}

const tally = await main().catch((error: unknown) => {
  console.error(error);
  return { passed: 0, failed: 1, skipped: 0 };
});
console.log(summary(tally));
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
