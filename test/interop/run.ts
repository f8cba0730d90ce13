/**
 * Real clients, each in a process of its own, send what examples/ has them send to a real server; what the query API then
 * shows is held against what was written by hand from their programs and their formats.
 *
 *   npm run interop              Node's and Python's clients
 *   npm run interop -- --all     Go's and Java's too
 *   npm run interop -- TEXT      only checks with the text in their names
 */
import { deepEqual } from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { summary, type Tally } from "../deploy/tally.ts";
import { type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";
import { type Check, runChecks } from "./checks.ts";
import { CLIENTS, type Client } from "./clients.ts";
import { runProgram } from "./program.ts";
import { readTrace, shown } from "./shown.ts";
import { type Language, TOOLCHAINS, type Toolchain } from "./toolchains.ts";

const [...words] = process.argv.slice(2);
const isAll = words.includes("--all");
const only = words.filter((word) => !word.startsWith("--"));
const LANGUAGES: readonly Language[] = isAll ? ["node", "python", "go", "java"] : ["node", "python"];
/** In CI what must run there is not skipped. */
const isVital = (language: Language) => process.env.CI === "true" && (language === "node" || language === "python");

async function main(): Promise<Tally> {
  await mkdir(join(import.meta.dirname, "../../.cache/interop"), { recursive: true });
  const start = performance.now();
  const entries = await Promise.all(LANGUAGES.map(async (name) => [name, await TOOLCHAINS[name]()] as const));
  const toolchains = new Map(entries);
  console.log(`installed in ${((performance.now() - start) / 1000).toFixed(0)} s`);
  const folder = temporaryFolder();
  const server = await startServer({ data: folder.path });
  try {
    const checks = CLIENTS.filter(({ language }) => toolchains.has(language)).map((client) =>
      checkOf(client, toolchains.get(client.language), server),
    );
    return await runChecks(checks.filter(({ name }) => only.every((text) => name.includes(text))));
  } finally {
    await server.stop();
    folder.remove();
  }
}

function checkOf(client: Client, toolchain: Toolchain | undefined, server: SkuaServer): Check {
  const { language, program, env, expected } = client;
  return {
    name: `${language}: ${client.name}`,
    async run() {
      if (toolchain === undefined) {
        if (isVital(language)) throw new Error(`${language} is not here`);
        return `${language} is not here`;
      }
      const { command, args, folder } = toolchain;
      const { traceId, start, said } = await runProgram({
        ...{ command, folder },
        ...{ args: [...args, program], env: env(server) },
      });
      const trace = await readTrace(server.query, String(traceId), expected.spans.length).catch((error: Error) => {
        throw new Error(`${error.message}\nthe client said: ${said}`);
      });
      const isTold = expected.spans.some(({ at }) => at !== undefined);
      deepEqual(shown(trace, isTold ? Number(start) : undefined), expected);
      return undefined;
    },
  };
}

const tally = await main().catch((error: unknown) => {
  console.error(error);
  return { passed: 0, failed: 1, skipped: 0 };
});
console.log(summary(tally));
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1;
