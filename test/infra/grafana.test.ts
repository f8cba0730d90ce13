import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { DOCS, grafanaFiles } from "../../infra/grafana/files.ts";
import { RULES } from "../../infra/grafana/rules.ts";
import { METRICS, METRICS_OF } from "../../lib/runtime/metrics.ts";
import { TESTED_RULES } from "../interop/rule-tests.ts";
import { NODE, temporaryFolder } from "../support/skua-server.ts";
import { FIRST_SYNTH_MILLIS, resourcesOf, synthesize } from "./synth.ts";

/** Looked into at many depths. */
type Any = ReturnType<typeof JSON.parse>;

const files = grafanaFiles(DOCS);
const read = (name: string): Any => parse(files.get(name) ?? "");
const dashboards: Any[] = [read("dashboards/server.json"), read("dashboards/aws.json")];
const sources: Any[] = read("provisioning/datasources/skua.yaml").datasources;

test("the files that are kept are those that npm run grafana writes", () => {
  for (const [name, text] of files) expect(readFileSync(`infra/grafana/${name}`, "utf8"), name).toBe(text);
});

const anchors = new Set(
  [...readFileSync("docs/operate.md", "utf8").matchAll(/<a id="([^"]+)">/g)].map(([, anchor]) => anchor),
);

test("every rule's runbook is a place in a page that is there", () => {
  const [{ rules }] = read("prometheus/rules.yaml").groups;
  expect(rules.length).toBeGreaterThan(8);
  for (const { alert, annotations } of rules) {
    const [page, anchor] = annotations.runbook_url.split("#");
    expect([page, alert]).toEqual(["docs/operate.md", `Skua${alert.slice(4)}`]);
    expect(anchors, alert).toContain(anchor);
    expect(anchor).toBe(alert.slice(4).toLowerCase());
  }
});

test("every rule is tested", () => {
  expect(TESTED_RULES.toSorted()).toEqual(RULES.map(({ name }) => name).toSorted());
});

test("so is every alarm's, and each place is somebody's", { timeout: FIRST_SYNTH_MILLIS }, () => {
  const template = synthesize({
    "skua:alerts": [{ service: "cart", errorRate: 0.1, p95Ms: 100 }],
    "skua:dollarsPerMillionSpans": "1",
  });
  const alarms = resourcesOf(template, "AWS::CloudWatch::Alarm").map(
    ([, { Properties }]) => /docs\/operate\.md, "(\w+)"/.exec(String(Properties.AlarmDescription))?.[1],
  );
  const rules = read("prometheus/rules.yaml").groups[0].rules.map(({ alert }: Any) => alert.slice(4));
  expect(new Set([...alarms, ...rules].map((name) => String(name).toLowerCase()))).toEqual(anchors);
});

describe("npm run grafana", () => {
  const run = (...args: string[]) => spawnSync(NODE, ["infra/grafana/main.ts", ...args], { encoding: "utf8" });

  test("writes all files where it is told, with links to where the documentation is said to be", () => {
    const folder = temporaryFolder();
    try {
      const docs = "https://git.example/docs";
      expect(run("--docs", `${docs}/`, "--out", folder.path).status).toBe(0);
      for (const [name, text] of grafanaFiles(docs))
        expect(readFileSync(join(folder.path, name), "utf8"), name).toBe(text);
    } finally {
      folder.remove();
    }
  });

  test("says what it may be told, and what of that was wrong", () => {
    const { status, stderr, stdout } = run("--doc", "x");
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("--doc");
    for (const flag of ["--docs", "--out"]) expect(run("--help").stdout).toContain(flag);
  });
});

test("links lead to where the documentation is said to be", () => {
  const rules = parse(grafanaFiles("https://git.example/docs").get("prometheus/rules.yaml") ?? "").groups[0].rules;
  expect(rules[0].annotations.runbook_url).toBe("https://git.example/docs/operate.md#down");
});

test("every panel asks a source that is provisioned, has room of its own, and draws something", () => {
  const known = new Set(sources.map(({ type, uid }) => `${type} ${uid}`));
  for (const { panels, templating } of dashboards) {
    const asked = [...panels, ...templating.list, ...panels.flatMap(({ targets }: Any) => targets)];
    for (const { datasource } of asked) expect(known).toContain(`${datasource.type} ${datasource.uid}`);
    const places = panels.map(({ gridPos: { x, y, w, h } }: Any) => [x % w, y % h, `${x} ${y}`]);
    expect(places.every(([x, y]: Any[]) => x === 0 && y === 0)).toBe(true);
    expect(new Set(places.map(([, , place]: Any[]) => place)).size).toBe(panels.length);
    expect(new Set(panels.map(({ id }: Any) => id)).size).toBe(panels.length);
    for (const { targets, title } of panels) {
      expect(targets.length, title).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }: Any) => refId)).size, title).toBe(targets.length);
    }
  }
});

test("a span leads to logs and metrics in sources that are there, and the token comes from the environment", () => {
  const [{ jsonData, secureJsonData }] = sources;
  const uids = sources.map(({ uid }) => uid);
  expect(uids).toContain(jsonData.tracesToLogsV2.datasourceUid);
  expect(uids).toContain(jsonData.tracesToMetrics.datasourceUid);
  expect([jsonData.httpHeaderName1, secureJsonData.httpHeaderValue1]).toEqual(["Authorization", "Bearer $SKUA_TOKEN"]);
  const variables = [...JSON.stringify(sources).matchAll(/(?<!\$)\$(\w+)/g)].map(([, name]) => name);
  const documented = readFileSync("docs/operate.md", "utf8");
  for (const name of variables) expect(documented, name).toContain(`| \`${name}\` |`);
  expect(jsonData.tracesToMetrics.queries.map(({ query }: Any) => query)).toEqual([
    "skua_service_calls{$$__tags}",
    "skua_service_error_rate{$$__tags}",
    "skua_service_p95_seconds{$$__tags}",
  ]);
});

const AWS_OWN = { Errors: 1, Throttles: 1, IteratorAge: 1 };

test("the stack's dashboard asks each function for what it measures, under the dimensions that it has, and for all of it", () => {
  const [, { panels, templating }] = dashboards;
  const variables = templating.list.map(({ name }: Any) => name);
  expect(variables).toEqual(Object.keys(METRICS_OF));
  const found = new Set<string>();
  for (const target of panels.flatMap(({ targets }: Any) => targets)) {
    const { namespace, metricName, dimensions, expression } = target;
    if (expression !== "") {
      const ids = panels.flatMap(({ targets }: Any) => targets.map(({ id }: Any) => id));
      for (const [id] of expression.matchAll(/[a-z]\w+/g)) expect(ids).toContain(id);
      continue;
    }
    const { function: fn, FunctionName = fn, ...others } = dimensions;
    const [, measured = []] = Object.entries(METRICS_OF).find(([of]) => `$${of}` === FunctionName) ?? [];
    if (namespace === "AWS/Lambda") {
      expect(AWS_OWN).toHaveProperty(metricName);
      continue;
    }
    expect([namespace, measured]).toEqual(["Skua", expect.arrayContaining([metricName])]);
    const { by = [] }: Any = METRICS[metricName as keyof typeof METRICS];
    if (Object.keys(others).length > 0) expect(Object.keys(others)).toEqual(by);
    found.add(metricName);
  }
  expect([...found].toSorted()).toEqual([...new Set(Object.values(METRICS_OF).flat())].toSorted());
});
