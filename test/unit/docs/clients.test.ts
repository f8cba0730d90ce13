import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CLIENTS } from "../../interop/clients.ts";

const root = join(import.meta.dirname, "../../..");
const page = readFileSync(join(root, "docs/clients.md"), "utf8");

/** Links to examples, and the code in a language that follows the last of a paragraph's. */
const paths = [...page.matchAll(/\]\(\.\.\/(examples\/[^)]*)\)/g)].map(([, path = ""]) => path);
const blocks = [...page.matchAll(/^([^\n]*\.\.\/examples[^\n]*):\n\n```(?:js|python|go|java)\n([\s\S]*?)```$/gm)].map(
  ([, text = "", code = ""]) => ({
    code,
    files: [...text.matchAll(/\]\(\.\.\/(examples\/[^)]*)\)/g)].map(([, path = ""]) => path),
  }),
);

describe("docs/clients.md", () => {
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
});
