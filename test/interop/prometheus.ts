import { match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { DOCS, grafanaFiles } from "../../infra/grafana/files.ts";
import { type SkuaServer, temporaryFolder } from "../support/skua-server.ts";
import type { Check } from "./checks.ts";
import { findPromtool } from "./promtool.ts";
import { RULE_TESTS } from "./rule-tests.ts";

/** What panels say for "as long as a step". */
const STEP = /\$__rate_interval/g;

/** Prometheus' own judge over all that it is given: rules, configuration, panels' questions, and what a server answers. */
export function prometheusChecks(server: SkuaServer): Check[] {
  const check = (name: string, run: (judge: Judge) => Promise<void> | void): Check => ({
    name: `prometheus: ${name}`,
    async run() {
      found ??= findPromtool();
      const program = await found;
      if (program === undefined) return absent();
      const folder = temporaryFolder();
      try {
        await run(judgeIn(program, folder.path));
      } finally {
        folder.remove();
      }
      return undefined;
    },
  });
  return [
    check("rules and configuration are taken", (judge) => {
      for (const [name, text] of grafanaFiles(DOCS)) judge.write(name, text);
      judge.passes(["check", "config", "prometheus/prometheus.yaml"]);
      match(judge.passes(["check", "rules", "prometheus/rules.yaml"]), /SUCCESS: \d+ rules found/);
    }),
    check(
      "each rule goes off when it should and not before, says what it should, and links to its runbook",
      (judge) => {
        judge.write("rules.yaml", grafanaFiles(DOCS).get("prometheus/rules.yaml") ?? "");
        judge.write("tests.yaml", stringify(RULE_TESTS));
        judge.passes(["test", "rules", "tests.yaml"]);
      },
    ),
    check("an expectation that does not hold is found", (judge) => {
      judge.write("rules.yaml", (grafanaFiles(DOCS).get("prometheus/rules.yaml") ?? "").replaceAll("> 60", "> 600"));
      judge.write("tests.yaml", stringify(RULE_TESTS));
      match(judge.fails(["test", "rules", "tests.yaml"]), /SkuaIndexerAge/);
    }),
    check("every question of a panel is one", (judge) => {
      const { panels } = JSON.parse(grafanaFiles(DOCS).get("dashboards/server.json") ?? "");
      const asked: string[] = panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
        targets.map(({ expr }) => expr.replace(STEP, "5m")),
      );
      ok(asked.length > 15);
      const rules = asked.map((expr, n) => ({ record: `panel:${n}`, expr }));
      judge.write("panels.yaml", stringify({ groups: [{ name: "panels", rules }] }));
      judge.passes(["check", "rules", "panels.yaml"]);
    }),
    check("what a server answers is well-formed and well named", async (judge) => {
      await fetch(`${server.query}/api/services`);
      const text = await (await fetch(`${server.metrics}/metrics`)).text();
      match(text, /skua_query_latency_seconds_bucket/);
      judge.passes(["check", "metrics"], text);
    }),
  ];
}

let found: Promise<string | undefined> | undefined;

/** Why nothing is judged; in CI an error. */
function absent(): string {
  if (process.env.CI === "true") throw new Error("promtool cannot be had");
  return "promtool is not here, nor Debian's package of it";
}

interface Judge {
  write(name: string, text: string): void;
  /** What it says; throws that when it does not pass. */
  passes(args: readonly string[], input?: string): string;
  fails(args: readonly string[]): string;
}

function judgeIn(program: string, folder: string): Judge {
  const ask = (args: readonly string[], input = "") => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, input, encoding: "utf8" });
    return { isFine: status === 0, said: `${stdout}${stderr}` };
  };
  return {
    write(name, text) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    },
    passes(args, input) {
      const { isFine, said } = ask(args, input);
      if (!isFine) throw new Error(said);
      return said;
    },
    fails(args) {
      const { isFine, said } = ask(args);
      if (isFine) throw new Error(`passed: ${said}`);
      return said;
    },
  };
}
