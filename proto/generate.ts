/** Writes proto/gen from the vendored .proto files; with --check only says whether it is current. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "./describe.ts";

const root = import.meta.dirname;
const SOURCES = [
  "opentelemetry/proto/collector/trace/v1/trace_service.proto",
  "google/rpc/status.proto",
  "google/rpc/error_details.proto",
  "skua/v1/record.proto",
];

/** Of the services that answer gRPC, and what these use: for server reflection. */
const DESCRIBED = [
  "opentelemetry/proto/common/v1/common.proto",
  "opentelemetry/proto/resource/v1/resource.proto",
  "opentelemetry/proto/trace/v1/trace.proto",
  "opentelemetry/proto/collector/trace/v1/trace_service.proto",
  "jaeger/api_v2/model.proto",
  "jaeger/api_v2/collector.proto",
  "jaeger/api_v2/sampling.proto",
  "grpc/health/v1/health.proto",
  "grpc/reflection/v1/reflection.proto",
  "grpc/reflection/v1alpha/reflection.proto",
];

const GENERATED = ["index.js", "index.d.ts", "descriptors.ts"];

function generate(folder: string): void {
  const bin = (name: string) => join(root, "..", "node_modules", ".bin", name);
  const js = join(folder, "index.js");
  execFileSync(bin("pbjs"), [
    ...["-t", "static-module", "-w", "es6", "--es6", "--no-service", "--force-long"],
    ...["-p", root, "-o", js, ...SOURCES],
  ]);
  execFileSync(bin("pbts"), ["-o", join(folder, "index.d.ts"), js]);
  writeFileSync(join(folder, "descriptors.ts"), descriptors());
}

function descriptors(): string {
  const files = describe(root, DESCRIBED).map(({ bytes, ...file }) => ({
    ...file,
    bytes: Buffer.from(bytes).toString("base64"),
  }));
  return [
    "/** What server reflection tells, in proto/describe.ts's words; `bytes` as base64. */",
    `export const FILES: readonly ${DESCRIBED_TYPE}[] = ${JSON.stringify(files, null, 2)};`,
    "",
  ].join("\n");
}

const DESCRIBED_TYPE =
  "{ readonly name: string; readonly dependencies: readonly string[]; readonly symbols: readonly string[]; readonly bytes: string }";

function isCurrent(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "skua-proto-"));
  try {
    generate(folder);
    return GENERATED.every((name) => readFileSync(join(folder, name)).equals(readFileSync(join(root, "gen", name))));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (process.argv.includes("--check")) {
  if (!isCurrent()) {
    console.error("proto/gen is not what the .proto files say; run: npm run proto");
    process.exit(1);
  }
} else generate(join(root, "gen"));
