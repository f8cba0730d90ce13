import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

const FORBIDDEN = [
  ["lib/model", "../otlp/wire.ts"],
  ["lib/model", "../runtime/limits.ts"],
  ["lib/runtime", "../model/span.ts"],
  ["lib/otlp", "../store/keys.ts"],
  ["lib/otlp", "../runtime/limits.ts"],
  ["lib/jaeger", "../store/port.ts"],
  ["lib/jaeger/thrift", "../../store/port.ts"],
  ["lib/thrift", "../otlp/wire.ts"],
  ["lib/rpc", "../otlp/scan.ts"],
  ["lib/stream", "../store/items.ts"],
  ["lib/store", "../stream/port.ts"],
  ["lib/store/segment", "../../stream/port.ts"],
  ["lib/store/counts", "../../pipeline/ingest.ts"],
  ["lib/pipeline", "../http/query.ts"],
  ["lib/pipeline/rollup", "../../http/query.ts"],
  ["lib/pipeline/rollup", "../../store/dynamo.ts"],
  ["lib/pipeline", "../store/dynamo.ts"],
  ["lib/pipeline", "@aws-sdk/client-kinesis"],
  ["lib/http", "../stream/kinesis.ts"],
  ["lib/store", "../../functions/server/main.ts"],
  ["lib/otlp", "../../test/data/traffic.ts"],
  ["test/oracle", "../../lib/otlp/scan.ts"],
] as const;

const ALLOWED = [
  ["lib/otlp", "../model/span.ts"],
  ["lib/jaeger", "../thrift/reader.ts"],
  ["lib/jaeger/thrift", "../../thrift/reader.ts"],
  ["lib/zipkin", "../thrift/reader.ts"],
  ["lib/rpc", "../otlp/wire.ts"],
  ["lib/store", "../otlp/scan.ts"],
  ["lib/store/segment", "../../model/errors.ts"],
  ["lib/pipeline", "../store/port.ts"],
  ["lib/http", "../pipeline/ingest.ts"],
  ["functions/query", "../../lib/store/dynamo.ts"],
] as const;

const ROOMS = readdirSync(join(root, "lib")).map((room) => [`lib/${room}`, "../nowhere/else.ts"] as const);

/** A tree of its own under our rules, so that what is planted never stands in the real one. */
let tree = "";
let found = "";

const pathOf = (folder: string, imported: string) => `${folder}/planted-${imported.replaceAll(/[^a-z]+/g, "-")}.ts`;

function plant(path: string, source: string): void {
  mkdirSync(dirname(join(tree, path)), { recursive: true });
  writeFileSync(join(tree, path), source);
}

beforeAll(() => {
  tree = mkdtempSync(join(tmpdir(), "skua-lint-"));
  const config = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
  writeFileSync(join(tree, "biome.json"), JSON.stringify({ ...config, vcs: { enabled: false } }));
  for (const [folder, imported] of [...FORBIDDEN, ...ALLOWED, ...ROOMS])
    plant(pathOf(folder, imported), `import { planted } from "${imported}";\n\nexport const use = planted;\n`);
  plant("lib/store/planted-env.ts", "export const table = process.env.TABLE;\n");
  plant("functions/query/planted-env.ts", "export const table = process.env.TABLE;\n");
  plant("lib/model/planted-a.ts", 'import { b } from "./planted-b.ts";\n\nexport const a = (): number => b();\n');
  plant("lib/model/planted-b.ts", 'import { a } from "./planted-a.ts";\n\nexport const b = (): number => a();\n');
  const biome = join(root, "node_modules/.bin/biome");
  const run = spawnSync(biome, ["lint", "--colors=off", "--max-diagnostics=none"], { cwd: tree, encoding: "utf8" });
  found = run.stdout + run.stderr;
});

afterAll(() => rmSync(tree, { recursive: true }));

/** The rules that a planted file breaks. */
const rulesBrokenBy = (path: string): string[] =>
  [...found.matchAll(/^(\S+?):\d+:\d+ lint\/\w+\/(\w+)/gm)].flatMap(([, at, rule = ""]) => (at === path ? [rule] : []));

describe("the import direction of the rooms is enforced", () => {
  test.each(FORBIDDEN)("%s may not import %s", (folder, imported) => {
    expect(rulesBrokenBy(pathOf(folder, imported))).toContain("noRestrictedImports");
  });

  test.each(ALLOWED)("%s may import %s", (folder, imported) => {
    expect(rulesBrokenBy(pathOf(folder, imported))).toEqual([]);
  });

  test.each(ROOMS)("%s has a rule", (folder, imported) => {
    expect(rulesBrokenBy(pathOf(folder, imported))).toContain("noRestrictedImports");
  });

  test("a cycle of imports is an error", () => {
    expect(rulesBrokenBy("lib/model/planted-a.ts")).toContain("noImportCycles");
  });
});

describe("what makes code untestable is kept out of lib/", () => {
  test("the environment is read in functions/ and infra/ only", () => {
    expect(rulesBrokenBy("lib/store/planted-env.ts")).toContain("noProcessEnv");
    expect(rulesBrokenBy("functions/query/planted-env.ts")).toEqual([]);
  });

  test("clocks and dice are handed in: no file of lib/ reads its own", () => {
    const own = readdirSync(join(root, "lib"), { recursive: true, encoding: "utf8" })
      // The landing page's script runs in the reader's browser, with the reader's clock.
      .filter((name) => name.endsWith(".ts") && name !== join("http", "page-script.ts"))
      .filter((name) =>
        /Date\.now|new Date\(\)|Math\.random|performance\.now/.test(readFileSync(join(root, "lib", name), "utf8")),
      );
    expect(own).toEqual([]);
  });
});
