import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { build } from "esbuild";

const BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const PAGE_MILLIS = 60_000;
const DESCRIPTORS = join(import.meta.dirname, "../../proto/gen/descriptors.ts");

/** What the page has sent, by the name of how. */
export type Sent = Readonly<Record<string, { readonly traceId: string; readonly start: number } | string>>;

/** Sends by each of examples/node/browser, and tells what it sent to where the page came from. */
const PAGE = `
import { createFileRegistry, create, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { FILES } from ${JSON.stringify(DESCRIPTORS)};
import { connectExporter } from "./browser/connect-web.mjs";
import { grpcWebExporter } from "./browser/grpc-web.mjs";
import { otlpExporter } from "./browser/otlp-http.mjs";
import { sendCheckout } from "./checkout.mjs";

const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const file = FILES.map((f) => fromBinary(FileDescriptorProtoSchema, bytes(f.bytes)));
const registry = createFileRegistry(create(FileDescriptorSetSchema, { file }));
const TraceService = registry.getService("opentelemetry.proto.collector.trace.v1.TraceService");
const url = new URLSearchParams(location.search).get("otlp");
const ways = {
  "OpenTelemetry, OTLP/HTTP": () => otlpExporter(url),
  "grpc-web as text": () => grpcWebExporter(url, "text"),
  "grpc-web in binary": () => grpcWebExporter(url, "binary"),
  "connect-web": () => connectExporter(url, TraceService),
};
const sent = {};
for (const [name, exporter] of Object.entries(ways))
  sent[name] = await sendCheckout(exporter()).catch((error) => String(error));
await fetch("/sent", { method: "POST", body: JSON.stringify(sent) });
`;

export const WAYS = ["OpenTelemetry, OTLP/HTTP", "grpc-web as text", "grpc-web in binary", "connect-web"];

/** The path of a browser; undefined when there is none. */
export function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return BROWSERS.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

/** Opens the page from an origin of its own, so that every request to Skua is asked for first. */
export async function sendFromBrowser(browser: string, folder: string, otlp: string): Promise<Sent> {
  const { outputFiles } = await build({
    stdin: { contents: PAGE, resolveDir: folder, loader: "js" },
    ...{ bundle: true, write: false, format: "esm", platform: "browser", logLevel: "error" },
  });
  const script = outputFiles[0]?.text ?? "";
  const told = Promise.withResolvers<Sent>();
  const site = createServer(async (request, answer) => {
    if (request.url === "/sent") told.resolve(JSON.parse(await textOf(request)));
    const isScript = request.url === "/page.js";
    answer.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    answer.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  const address = site.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const profile = await mkdtemp(join(tmpdir(), "skua-browser-"));
  const page = `http://127.0.0.1:${port}/?otlp=${encodeURIComponent(otlp)}`;
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${profile}`];
  // A group of its own: it starts a process for every part of it.
  const child = spawn(browser, [...flags, page], { stdio: "ignore", detached: true });
  const timer = setTimeout(() => told.reject(new Error(`the page told nothing in ${PAGE_MILLIS} ms`)), PAGE_MILLIS);
  try {
    return await told.promise;
  } finally {
    clearTimeout(timer);
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    site.closeAllConnections();
    site.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}
