/** Writes proto/gen from the vendored .proto files; with --check only says whether it is current. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = import.meta.dirname;
const SOURCES = [
  "opentelemetry/proto/collector/trace/v1/trace_service.proto",
  "google/rpc/status.proto",
  "google/rpc/error_details.proto",
  "skua/v1/record.proto",
];

function generate(folder: string): void {
  const bin = (name: string) => join(root, "..", "node_modules", ".bin", name);
  const js = join(folder, "index.js");
  execFileSync(bin("pbjs"), [
    ...["-t", "static-module", "-w", "es6", "--es6", "--no-service", "--force-long"],
    ...["-p", root, "-o", js, ...SOURCES],
  ]);
  execFileSync(bin("pbts"), ["-o", join(folder, "index.d.ts"), js]);
}

function isCurrent(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "skua-proto-"));
  try {
    generate(folder);
    return ["index.js", "index.d.ts"].every((name) =>
      readFileSync(join(folder, name)).equals(readFileSync(join(root, "gen", name))),
    );
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
