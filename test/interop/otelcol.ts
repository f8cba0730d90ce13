import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";

const run = promisify(execFile);

const CACHE = join(import.meta.dirname, "../../.cache/interop");
/** On two cores beside other work; five minutes on its own. */
const BUILD_MILLIS = 1_800_000;

const CORE = "go.opentelemetry.io/collector";
const CONTRIB = "github.com/open-telemetry/opentelemetry-collector-contrib";
const VERSION = "v0.161.0";

const modules = (...paths: string[]) =>
  paths.map((path) => ({ gomod: path.includes(" ") ? path : `${path} ${VERSION}` }));

/** What the agents' configuration names, at versions that can be had together. */
const MANIFEST = {
  dist: { module: "skua.test/otelcol", name: "otelcol", description: "The agents' Collector", output_path: "src" },
  receivers: modules(
    `${CORE}/receiver/otlpreceiver`,
    `${CONTRIB}/receiver/jaegerreceiver`,
    `${CONTRIB}/receiver/zipkinreceiver`,
  ),
  processors: modules(
    `${CORE}/processor/memorylimiterprocessor`,
    `${CONTRIB}/processor/k8sattributesprocessor v0.160.0`,
    `${CONTRIB}/processor/redactionprocessor`,
    `${CONTRIB}/processor/resourceprocessor`,
  ),
  exporters: modules(`${CORE}/exporter/otlphttpexporter`, `${CONTRIB}/exporter/awskinesisexporter`),
  extensions: modules(
    `${CONTRIB}/extension/healthcheckextension`,
    `${CONTRIB}/extension/storage/filestorage`,
    `${CONTRIB}/extension/bearertokenauthextension`,
    `${CONTRIB}/extension/jaegerremotesampling v0.145.0`,
    `${CONTRIB}/extension/sigv4authextension v0.155.0`,
  ),
  replaces: ["jaeger", "zipkin"].map((name) => {
    const path = `${CONTRIB}/pkg/translator/${name}`;
    return `${path} => ${path} v0.160.0`;
  }),
};

/**
 * A real Collector, built from its published modules into the cache; its path.
 * @returns undefined where there is no Go
 */
export async function builtCollector(): Promise<string | undefined> {
  const hasGo = await run("go", ["version"]).then(Boolean, () => false);
  if (!hasGo) return undefined;
  const manifest = stringify(MANIFEST);
  const digest = createHash("sha256").update(manifest).digest("hex").slice(0, 12);
  const binary = join(CACHE, `otelcol-${digest}`);
  if (existsSync(binary)) return binary;
  await mkdir(CACHE, { recursive: true });
  const place = await mkdtemp(join(CACHE, "otelcol-build-"));
  try {
    const env = { ...process.env, GOBIN: place };
    const options = { cwd: place, env, timeout: BUILD_MILLIS, maxBuffer: 64 * 1024 * 1024 };
    await run("go", ["install", `${CORE}/cmd/builder@${VERSION}`], options);
    await writeFile(join(place, "manifest.yaml"), manifest);
    await run(join(place, "builder"), ["--config", "manifest.yaml"], options);
    await cp(join(place, "src", "otelcol"), `${binary}.${process.pid}`);
    await rename(`${binary}.${process.pid}`, binary);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
  return binary;
}
