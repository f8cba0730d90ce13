import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { SIZES } from "../../infra/sizes.ts";

const script = fileURLToPath(new URL("../bench/full-plan.ts", import.meta.url));

/** Nothing can isolate a plan that is too big, so none may be. */
test("a full plan of the smallest spans, each a trace of its own, takes at most half of the indexer's memory", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script, "tiny"]);
  const { spans, peakMegabytes } = JSON.parse(stdout);
  expect(spans).toBeGreaterThan(500_000);
  expect(peakMegabytes).toBeLessThan(SIZES.indexer.memoryMegabytes / 2);
}, 180_000);
