import { readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** The server's Dockerfile, an instruction each, lines that go on joined. */
export function dockerfile(): readonly Instruction[] {
  const text = readFileSync(join(ROOT, "functions/server/Dockerfile"), "utf8");
  return text
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, name = "", rest = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      return { name, rest };
    });
}

export const restsOf = (name: string): readonly string[] =>
  dockerfile()
    .filter((instruction) => instruction.name === name)
    .map(({ rest }) => rest);

/** What the container runs. */
export const command = (): readonly string[] => JSON.parse(restsOf("CMD")[0] ?? "[]");
