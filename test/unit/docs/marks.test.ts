import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { expect, test } from "vitest";
import { readEksSettings } from "../../../infra/agents/eks-settings.ts";
import { blocksOf, commandsOf, MARKS, PAGES, textOf } from "../../docs/blocks.ts";
import { settingNames } from "../../infra/setting-names.ts";
import { resourcesOf, synthesize } from "../../infra/synth.ts";
import { bareEnvironment, NODE } from "../../support/skua-server.ts";

const root = join(import.meta.dirname, "../../..");
const scripts: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;
const settings = settingNames();
/** Of the agents' own stack; what else is missing or wrong does not matter here. */
function isAgentSetting(name: string): boolean {
  try {
    readEksSettings(new App({ context: { [name]: "" } }).node);
    return true;
  } catch (error) {
    return !String(error).includes("no such setting");
  }
}

/** Logical ids. */
const functions = resourcesOf(synthesize(), "AWS::Lambda::Function").map(([id]) => id);
const blocks = PAGES.flatMap(blocksOf);

const CDK: readonly string[] = ["bootstrap", "deploy", "destroy", "diff", "synth"];

const told = textOf("CONTRIBUTING.md");

/** Asked once a script. */
const helps = new Map<string, string>();
function helpOf(script: string): string {
  const found = helps.get(script);
  if (found !== undefined) return found;
  const file = /\S+\.ts$/.exec(scripts[script] ?? "")?.[0] ?? "";
  const options = { cwd: root, encoding: "utf8", env: bareEnvironment() } as const;
  const { stdout, status } = spawnSync(NODE, [file, "--help"], options);
  expect(status, `npm run ${script} -- --help`).toBe(0);
  helps.set(script, stdout);
  return stdout;
}

/** A script that is not there, or flags that its help does not know. */
function scriptFaults(command: string): string[] {
  const [, script, flags = ""] = /\bnpm (?:run (?:--silent )?)?([\w:-]+)(?: -- ([^|]*))?/.exec(command) ?? [];
  if (script === undefined || script === "ci" || script === "install") return [];
  if (scripts[script] === undefined) return [`npm run ${script}`];
  return [...flags.matchAll(/(?<=^|\s)--[a-z-]+/g)]
    .filter(([flag]) => !new RegExp(`${flag}(?![\\w-])`).test(helpOf(script)))
    .map(([flag]) => `${flag} of npm run ${script}`);
}

/** What of a command of ours does not exist; nothing is said of other people's programs but that files are there. */
function faultsOf(command: string): string[] {
  const [, cdk = "synth"] = /\bnpx cdk (\w+)/.exec(command) ?? [];
  const ids = [...command.matchAll(/\b[A-Z]\w+Function[0-9A-F]{8}\b/g)].map(([id]) => id);
  const paths = [
    ...command.matchAll(/(?:(?:apply|delete) -k|docker build -f|--env-vars|(?<=sam local .*)-e) (\S+)/g),
  ].map(([, path = ""]) => path);
  return [
    ...scriptFaults(command),
    ...(CDK.includes(cdk) ? [] : [`cdk ${cdk}`]),
    ...[...command.matchAll(/skua:[a-z]\w*/g)].map(([name]) => name).filter((name) => !settings.includes(name)),
    ...[...command.matchAll(/skua-agents:\w+/g)].map(([name]) => name).filter((name) => !isAgentSetting(name)),
    ...ids.filter((id) => !functions.includes(id)),
    ...paths.filter((path) => !existsSync(join(root, path))),
  ];
}

test("every fenced command says how it is known to work, and none is called a command that is not one", () => {
  expect(blocks.length).toBeGreaterThan(20);
  const odd = blocks.filter(({ mark }) => !MARKS.some((one) => one === mark));
  expect(odd.map(({ page, line, mark }) => `${page}:${line} ${mark}`)).toEqual([]);
  // A fence without a language could be one in disguise.
  const bare = PAGES.flatMap((page) => [...textOf(page).matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)])
    .filter(([, language, text = ""]) => language === "" && /\b(npm|npx|curl) /.test(text))
    .map(([whole]) => whole);
  expect(bare).toEqual([]);
});

test("what a mark needs stands in the table of what CI has in its place", () => {
  for (const mark of new Set(blocks.map((block) => block.mark))) expect(told).toContain(`| \`${mark}\` |`);
});

test("scripts, flags, settings and files of all fenced commands exist", { timeout: 60_000 }, () => {
  const faults = blocks.flatMap(({ page, line, text }) =>
    commandsOf(text).flatMap((command) => faultsOf(command).map((fault) => `${page}:${line}: ${fault}`)),
  );
  expect(faults).toEqual([]);
});

test("a command with a script, a flag, a setting, a file or a CDK command that does not exist is found", {
  timeout: 60_000,
}, () => {
  expect(faultsOf("npm run reply -- --yes")).toEqual(["npm run reply"]);
  expect(faultsOf("npm run --silent agents -- --mode sidecar --endpint URL | kubectl apply -f -")).toEqual([
    "--endpint of npm run agents",
  ]);
  expect(faultsOf("npm start -- --dat x")).toEqual(["--dat of npm run start"]);
  expect(faultsOf("npx cdk deplay -c skua:retentionDay=3")).toEqual(["cdk deplay", "skua:retentionDay"]);
  expect(faultsOf("npx cdk deploy -c skua-agents:clutser=blue")).toEqual(["skua-agents:clutser"]);
  expect(faultsOf("kubectl apply -k infra/none")).toEqual(["infra/none"]);
  expect(faultsOf("sam local invoke --env-vars none.json -e test/none.json IngestFunction00000000")).toEqual([
    ...["IngestFunction00000000", "none.json", "test/none.json"],
  ]);
});

test("settings and scripts that are named anywhere in the pages exist", () => {
  const named = PAGES.flatMap((page) => [
    ...[...textOf(page).matchAll(/skua:[a-z]\w*/g)].map(([name]) => name).filter((name) => !settings.includes(name)),
    ...[...textOf(page).matchAll(/npm run (?:--silent )?([\w:]+)/g)]
      .map(([, name = ""]) => name)
      .filter((name) => scripts[name] === undefined),
  ]);
  expect(named).toEqual([]);
});
