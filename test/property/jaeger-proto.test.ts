import fc from "fast-check";
import { expect, test } from "vitest";
import { jaegerPostSpansToOtlp } from "../../lib/jaeger/proto/post-spans.ts";
import { shownBatch } from "../oracle/jaeger-batch.ts";
import { anyBatch } from "../support/jaeger-batches.ts";
import { postSpansBytes } from "../support/jaeger-proto-batch.ts";
import { shownAsJaeger } from "../support/shown-as-jaeger.ts";

test("what protobufjs wrote for PostSpans comes out of Jaeger's JSON as it went in", () => {
  fc.assert(
    fc.property(anyBatch, fc.boolean(), (batch, perSpan) => {
      const shown = shownAsJaeger(jaegerPostSpansToOtlp(postSpansBytes(batch, perSpan)));
      expect(shown).toEqual(shownBatch(batch));
    }),
  );
});
