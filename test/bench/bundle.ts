// Size and init time of every function, bundled as it is deployed.
import { execFile } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { build } from "esbuild";
import { readSettings } from "../../infra/settings.ts";
import { SkuaStack } from "../../infra/stack.ts";
import { median } from "./measure.ts";

/** What every function needs whatever we write: the clients that it makes. */
const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  Ingest: ["Kinesis", "SecretsManager"],
  Query: ["DynamoDB", "SecretsManager"],
  Indexer: ["Kinesis", "DynamoDB", "S3"],
  Rollup: ["DynamoDB", "Lambda"],
  Merge: ["DynamoDB"],
};

const ROLLUP = { MERGE_FUNCTION: "m", MERGE_SECONDS: "300" };

/** Enough for a median on a machine that does other things as well. */
const RUNS = 7;

const run = promisify(execFile);

/** By function: bytes and milliseconds of its bundle, and of a bundle of its AWS clients alone. */
async function measureBundles(): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), "skua-bundles-"));
  try {
    const figures: Record<string, number> = {};
    for (const [name, path] of bundles(folder)) {
      const clients = await bundleOfClients(name, folder);
      const prefix = name.toLowerCase();
      figures[`${prefix}Bytes`] = (await stat(path)).size;
      const [init, ofClients] = await initMillis(path, clients);
      figures[`${prefix}InitMillis`] = init;
      figures[`${prefix}TimesClients`] = init / ofClients;
    }
    return figures;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Construct names and bundles. */
function bundles(outdir: string): [string, string][] {
  const app = new App({ outdir });
  const template = Template.fromStack(new SkuaStack(app, "Skua", { settings: readSettings(app.node) }));
  return Object.entries(template.findResources("AWS::Lambda::Function")).map(([id, { Properties }]) => [
    id.replace(/Function[0-9A-F]{8}$/, ""),
    join(outdir, `asset.${Properties.Code.S3Key.replace(/\.zip$/, "")}`, "index.mjs"),
  ]);
}

/** Named by the service's words, but for those that are one word by now. */
const packageOf = (client: string): string => (client === "SecretsManager" ? "secrets-manager" : client.toLowerCase());

async function bundleOfClients(name: string, folder: string): Promise<string> {
  const path = join(folder, `${name}-clients.mjs`);
  const lines = (CLIENTS[name] ?? []).map(
    (name) => `import { ${name}Client } from "@aws-sdk/client-${packageOf(name)}"; new ${name}Client({});`,
  );
  const outcome = await build({
    stdin: { contents: lines.join("\n"), resolveDir: import.meta.dirname },
    ...{ bundle: true, minify: true, platform: "node", format: "esm", target: "node24", write: false },
    mainFields: ["module", "main"],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
  await writeFile(path, outcome.outputFiles[0]?.contents ?? "");
  return path;
}

/** Milliseconds from the start of loading to a handler, in a cold process, medians; in turn, so that both meet the same machine. */
async function initMillis(path: string, clients: string): Promise<[number, number]> {
  const own: number[] = [];
  const ofClients: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    own.push(await loadMillis(path));
    ofClients.push(await loadMillis(clients));
  }
  return [median(own), median(ofClients)];
}

async function loadMillis(path: string): Promise<number> {
  const script = `const t = performance.now(); await import(${JSON.stringify(path)}); console.log(performance.now() - t)`;
  const names = { STREAM_NAME: "s", TABLE_NAME: "t", QUARANTINE_BUCKET: "q", AWS_REGION: "us-east-1" };
  const env = { ...process.env, ...names, RETENTION_HOURS: "168", TIMEOUT_SECONDS: "120", ...ROLLUP };
  return Number((await run(process.execPath, ["--input-type=module", "-e", script], { env })).stdout);
}

console.log(JSON.stringify(await measureBundles()));
