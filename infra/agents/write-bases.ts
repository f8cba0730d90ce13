import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BASES_FOLDER, bases } from "./bases.ts";

for (const [path, text] of bases()) {
  const file = join(import.meta.dirname, "../..", BASES_FOLDER, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
