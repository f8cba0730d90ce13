import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { traceJson } from "../../lib/jaeger/trace-json.ts";
import { ADJUST_DEFAULTS, adjustTrace } from "../../lib/pipeline/adjust.ts";
import { traceFromOtlpJson } from "../support/otlp-json-trace.ts";

const folder = new URL("jaeger/", import.meta.url);
const read = (file: string) => JSON.parse(readFileSync(new URL(file, folder), "utf8"));

/** What goes in is OTLP; what must come out was written by hand from Jaeger's mapping (docs/query.md). */
describe("golden pairs", () => {
  const names = readdirSync(folder).filter((file) => file.endsWith(".otlp.json"));
  for (const name of names.map((file) => file.replace(".otlp.json", ""))) {
    test(`${name} is shown as Jaeger shows it`, () => {
      const trace = traceFromOtlpJson(read(`${name}.otlp.json`));
      const shown = name === "adjusted" ? adjustTrace(trace, ADJUST_DEFAULTS) : trace;
      expect(JSON.parse(traceJson(shown))).toEqual(read(`${name}.jaeger.json`));
    });
  }
});
