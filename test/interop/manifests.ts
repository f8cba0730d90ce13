import { match } from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments, stringify } from "yaml";
import { agentManifests, yamlStream } from "../../infra/agents/manifests.ts";
import { MODES, NETWORKS } from "../../infra/agents/options.ts";
import { readOptions } from "../../infra/agents/read-options.ts";
import { ROOT } from "../support/dockerfile.ts";
import { temporaryFolder } from "../support/skua-server.ts";
import type { Check } from "./checks.ts";

const run = promisify(execFile);

const CACHE = join(ROOT, ".cache/interop");
const VALIDATOR = "kubernetes-validate==1.37.0";
const INSTALL_MILLIS = 300_000;

/** Those that are supported somewhere today. */
const VERSIONS = Array.from({ length: 8 }, (_, n) => `1.${30 + n}.0`);

/** kustomize trees, wherever they stand. */
const TREES: readonly string[] = ["infra", "examples"].flatMap((room) =>
  globSync("**/kustomization.yaml", { cwd: join(ROOT, room), exclude: (path) => path.includes("node_modules") }).map(
    (path) => join(room, dirname(path)),
  ),
);

/** The judge knows Kubernetes' own kinds. */
const FOREIGN_KINDS = /^opentelemetry\.io\//;

/** Every manifest that we print or keep, against the schemas of every version of Kubernetes. */
export const manifestChecks: readonly Check[] = [
  {
    name: "manifests: kustomize builds every tree, and Kubernetes 1.30 to 1.37 take what comes out",
    async run() {
      const isThere = await run("kubectl", ["version", "--client"]).then(Boolean, () => false);
      if (!isThere) return "kubectl is not here";
      const built = await Promise.all(TREES.map((tree) => run("kubectl", ["kustomize", join(ROOT, tree)])));
      return validate(new Map(TREES.map((tree, at) => [tree, built[at]?.stdout ?? ""])));
    },
  },
  {
    name: "manifests: Kubernetes 1.30 to 1.37 take all that npm run agents prints",
    run: () => validate(new Map(everyKind())),
  },
  {
    name: "manifests: the judge finds what is planted",
    async run() {
      const planted = stringify({ apiVersion: "v1", kind: "Service", metadata: { name: "skua" }, spec: { prots: [] } });
      const skipped = await validate(new Map([["planted", planted]])).catch((error: Error) => error);
      if (skipped instanceof Error) match(skipped.message, /prots/);
      else if (skipped === undefined) throw new Error("a Service with prots was taken");
      return skipped instanceof Error ? undefined : skipped;
    },
  },
];

function* everyKind(): Generator<readonly [string, string]> {
  const endpoint = ["--endpoint", "https://ingest.example"];
  const stream = ["--stream", "spans", "--region", "eu-central-1", "--role-arn", "arn:aws:iam::123456789012:role/skua"];
  for (const mode of MODES)
    for (const to of [endpoint, stream])
      for (const network of mode === "daemonset" ? NETWORKS.map((name) => ["--network", name]) : [[]]) {
        const flags = ["--mode", mode, ...to, ...network];
        const options = readOptions(flags);
        if (options !== "help") yield [flags.join(" "), yamlStream(agentManifests(options))];
      }
}

/** Undefined when all is well; else why it cannot be judged. Throws what is wrong. */
async function validate(texts: ReadonlyMap<string, string>): Promise<string | undefined> {
  installed ??= validator();
  const judge = await installed;
  if (judge === undefined) return "there is no Python for kubernetes-validate";
  const folder = temporaryFolder();
  try {
    for (const [name, text] of texts) {
      const known = parseAllDocuments(text).filter(
        (document) => !FOREIGN_KINDS.test(String(document.toJS()?.apiVersion)),
      );
      const file = `${name.replaceAll(/[^\w-]+/g, "_")}.yaml`;
      await writeFile(join(folder.path, file), known.map((one) => stringify(one.toJS())).join("---\n"));
    }
    const files = (await readdir(folder.path)).map((file) => join(folder.path, file));
    for (const version of VERSIONS) await run(judge, ["-k", version, "--strict", "--quiet", ...files]);
  } catch (error) {
    throw new Error(error instanceof Error && "stdout" in error ? `${error.stdout}${error.message}` : String(error));
  } finally {
    folder.remove();
  }
  return undefined;
}

/** Once for all checks, which run side by side. */
let installed: Promise<string | undefined> | undefined;

async function validator(): Promise<string | undefined> {
  const place = join(CACHE, VALIDATOR.replace("==", "-"));
  const program = join(place, "bin", "kubernetes-validate");
  if (existsSync(join(place, "complete"))) return program;
  const hasPython = await run("python3", ["-c", "import venv, ensurepip"]).then(Boolean, () => false);
  if (!hasPython) return undefined;
  // It cannot be moved: a note says when it is complete.
  await rm(place, { recursive: true, force: true });
  await run("python3", ["-m", "venv", place]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", VALIDATOR];
  await run(join(place, "bin", "python"), pip, { timeout: INSTALL_MILLIS });
  await writeFile(join(place, "complete"), "");
  return program;
}
