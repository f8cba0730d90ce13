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

/** Enough for a median on a machine that does other things as well. */
const RUNS = 15;

const run = promisify(execFile);

/** By function: bytes and milliseconds of its bundle, and of a bundle of its AWS clients alone. */
async function measureBundles(): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), "skua-bundles-"));
  try {
    const figures: Record<string, number> = {};
    for (const { name, path, env } of bundles(folder)) {
      const clients = await bundleOfClients(name, folder);
      const prefix = name.toLowerCase();
      figures[`${prefix}Bytes`] = (await stat(path)).size;
      const [own, ofClients] = await initTimes(path, clients, env);
      figures[`${prefix}InitMillis`] = own.wall;
      figures[`${prefix}TimesClients`] = own.cpu / ofClients.cpu;
    }
    return figures;
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Bundle {
  /** The construct's. */
  readonly name: string;
  readonly path: string;
  /** As in the template; what only a deployment knows is some text. */
  readonly env: Readonly<Record<string, string>>;
}

function bundles(outdir: string): Bundle[] {
  const app = new App({ outdir });
  const template = Template.fromStack(new SkuaStack(app, "Skua", { settings: readSettings(app.node) }));
  return Object.entries(template.findResources("AWS::Lambda::Function")).map(([id, { Properties }]) => ({
    name: id.replace(/Function[0-9A-F]{8}$/, ""),
    path: join(outdir, `asset.${Properties.Code.S3Key.replace(/\.zip$/, "")}`, "index.mjs"),
    env: Object.fromEntries(
      Object.entries(Properties.Environment.Variables).map(([key, value]) => [
        key,
        typeof value === "string" ? value : "deployed",
      ]),
    ),
  }));
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

/** From the start of loading to a handler, in milliseconds. */
interface InitTime {
  readonly wall: number;
  /** Of all threads: what else the machine does moves it less than the wall's time. */
  readonly cpu: number;
}

/** Medians over cold processes, the two in turn, so that both meet the same machine. */
async function initTimes(path: string, clients: string, env: Bundle["env"]): Promise<[InitTime, InitTime]> {
  const own: InitTime[] = [];
  const ofClients: InitTime[] = [];
  for (let i = 0; i < RUNS; i++) {
    own.push(await load(path, env));
    ofClients.push(await load(clients, env));
  }
  return [medians(own), medians(ofClients)];
}

const medians = (times: readonly InitTime[]): InitTime => ({
  wall: median(times.map(({ wall }) => wall)),
  cpu: median(times.map(({ cpu }) => cpu)),
});

async function load(path: string, own: Bundle["env"]): Promise<InitTime> {
  const script = `const wall = performance.now(), cpu = process.cpuUsage();
    await import(${JSON.stringify(path)});
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ wall: performance.now() - wall, cpu: (user + system) / 1000 }));`;
  const env = { ...process.env, AWS_REGION: "us-east-1", ...own };
  return JSON.parse((await run(process.execPath, ["--input-type=module", "-e", script], { env })).stdout);
}

console.log(JSON.stringify(await measureBundles()));
