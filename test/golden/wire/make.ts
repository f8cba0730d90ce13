/**
 * Writes what the clients of examples/ put on the wire into this folder, a file each: node test/golden/wire/make.ts [TEXT].
 * Clients of languages that are not on this machine keep the file they have.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CLIENTS, type Doors } from "../../interop/clients.ts";
import { runProgram } from "../../interop/program.ts";
import { type Language, TOOLCHAINS, type Toolchain } from "../../interop/toolchains.ts";
import { openSink } from "./sink.ts";

const [only = ""] = process.argv.slice(2);
const sink = await openSink();
const { http, grpc, udp } = sink;
const doors: Doors = { otlp: http, jaeger: http, zipkin: http, otlpGrpc: grpc, jaegerGrpc: grpc, udp };
const toolchains = new Map<Language, Toolchain | undefined>();

for (const { name, language, program, env } of CLIENTS) {
  if (!`${language}: ${name}`.includes(only)) continue;
  if (!toolchains.has(language)) toolchains.set(language, await TOOLCHAINS[language]());
  const toolchain = toolchains.get(language);
  if (toolchain === undefined) continue;
  sink.messages.length = 0;
  const { printed } = await runProgram({ words: toolchain.run(program), folder: toolchain.folder, env: env(doors) });
  await sleep(200);
  const file = `${language}-${name}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const golden = { client: `${language}: ${name}`, ...printed[0], messages: sink.messages };
  writeFileSync(join(import.meta.dirname, `${file}.json`), `${JSON.stringify(golden, null, 2)}\n`);
  console.log(`${file}: ${sink.messages.length}`);
}
process.exit(0);
