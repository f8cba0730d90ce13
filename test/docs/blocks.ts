import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** All pages that people read, by their paths below the project. */
export const PAGES: readonly string[] = ["README.md", "CONTRIBUTING.md", "docs/*.md", "examples/*/README.md"].flatMap(
  (pattern) => globSync(pattern, { cwd: root }).toSorted(),
);

/** What a fenced command says of itself, behind its language. */
export const MARKS = ["run", "dry", "python", "docker", "aws", "cluster"] as const;

/** A fenced command of a page. */
export interface Block {
  readonly page: string;
  /** Counted from 1. */
  readonly line: number;
  readonly mark: string;
  readonly text: string;
  /** What the page shows as its answer: a block of text that follows it. */
  readonly answer: string | undefined;
}

export const textOf = (page: string): string => readFileSync(join(root, page), "utf8");

/** The fenced commands of a page, in their order. */
export const blocksOf = (page: string): readonly Block[] =>
  [...textOf(page).matchAll(/^```(?:sh|bash|shell|console)\b *(.*)\n([\s\S]*?)^```$/gm)].map((match) => {
    const [whole, mark = "", text = ""] = match;
    const before = textOf(page).slice(0, match.index);
    const after = textOf(page).slice(match.index + whole.length);
    return {
      ...{ page, mark, text: text.trimEnd() },
      line: before.split("\n").length,
      answer: /^\s*(?:[^\n`]*\n\n)?```text\n([\s\S]*?)^```$/m.exec(after.slice(0, 2_000))?.[1],
    };
  });

/** Single commands of a block: its lines, those of one quoted text together, without what follows a pipe. */
export function commandsOf(text: string): readonly string[] {
  const commands: string[] = [];
  let open = "";
  for (const line of text.split("\n")) {
    open += open === "" ? line : `\n${line}`;
    const isQuoted = (open.match(/'/g)?.length ?? 0) % 2 === 1;
    if (isQuoted || open.endsWith("\\")) continue;
    commands.push(open);
    open = "";
  }
  return commands;
}
