import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readStrategies, strategyFor } from "../../../lib/sampling/strategies.ts";
import { CLIENTS } from "../../interop/clients.ts";

const root = join(import.meta.dirname, "../../..");
const page = ["clients", "sampling"].map((name) => readFileSync(join(root, `docs/${name}.md`), "utf8")).join("\n");

/** Links to examples, and the code in a language that follows the last of a paragraph's. */
const paths = [...page.matchAll(/\]\(\.\.\/(examples\/[^)]*)\)/g)].map(([, path = ""]) => path);
const blocks = [...page.matchAll(/^([^\n]*\.\.\/examples[^\n]*):\n\n```(?:js|python|go|java)\n([\s\S]*?)```$/gm)].map(
  ([, text = "", code = ""]) => ({
    code,
    files: [...text.matchAll(/\]\(\.\.\/(examples\/[^)]*)\)/g)].map(([, path = ""]) => path),
  }),
);

describe("docs/clients.md and docs/sampling.md", () => {
  test("links to examples that are there, and shows code of each kind of client", () => {
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(blocks.length).toBeGreaterThanOrEqual(15);
    // No block of code stands for itself.
    expect(blocks).toHaveLength([...page.matchAll(/^```(js|python|go|java)$/gm)].length);
  });

  test.each(blocks)("shows code as it stands in $files", ({ code, files }) => {
    expect(files.some((file) => readFileSync(join(root, file), "utf8").includes(code))).toBe(true);
  });

  test("names every program that is held against the server", () => {
    const programs = CLIENTS.map(({ program }) => program.replace("shop.", ""));
    expect(programs.filter((program) => !paths.some((path) => path.includes(program)))).toEqual([]);
  });

  test("shows a file of strategies that says what the page says of it", () => {
    const [, file = ""] = /```json\n(\{\n[\s\S]*?)```/.exec(page) ?? [];
    const strategies = readStrategies(file, "docs/sampling.md");
    expect(strategyFor(strategies, "shop").strategy).toEqual({ type: "ratelimiting", tracesPerSecond: 5 });
    const payment = [...(strategyFor(strategies, "payment").operations?.rates ?? [])];
    expect(payment).toEqual([
      ["GET /health", 0],
      ["POST /charge", 1],
    ]);
    expect(strategyFor(strategies, "another").strategy).toEqual({ type: "probabilistic", rate: 0.1 });
  });
});
