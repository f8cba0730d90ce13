import fc from "fast-check";
import { expect, test } from "vitest";
import { jaegerBatchToOtlp, jaegerEmitBatchToOtlp } from "../../lib/jaeger/thrift/batch.ts";
import { shownBatch } from "../oracle/jaeger-batch.ts";
import { anyBatch } from "../support/jaeger-batches.ts";
import { shownAsJaeger } from "../support/shown-as-jaeger.ts";
import { type Encoding, thriftBytes, thriftCallBytes } from "../support/thrift-structs.ts";

const encodings = fc.constantFrom<Encoding>("binary", "binary, not strict", "compact");
const protocol = (encoding: Encoding) => (encoding === "compact" ? "compact" : "binary");

test("a batch that Apache Thrift wrote comes out of Jaeger's JSON as it went in", () => {
  fc.assert(
    fc.property(anyBatch, encodings, (batch, encoding) => {
      const traces = jaegerBatchToOtlp(thriftBytes(encoding, "jaeger.Batch", batch), protocol(encoding));
      expect(shownAsJaeger(traces)).toEqual(shownBatch(batch));
    }),
  );
});

test("a datagram with a call of emitBatch is the batch in it", () => {
  fc.assert(
    fc.property(anyBatch, encodings, (batch, encoding) => {
      const bare = jaegerBatchToOtlp(thriftBytes(encoding, "jaeger.Batch", batch), protocol(encoding));
      const datagram = thriftCallBytes(encoding, "emitBatch", "jaeger.Batch", batch);
      expect(jaegerEmitBatchToOtlp(datagram, protocol(encoding))).toEqual(bare);
    }),
  );
});

test("a batch that is cut off anywhere is refused with the place", () => {
  fc.assert(
    fc.property(anyBatch, encodings, fc.nat(), (batch, encoding, cut) => {
      const whole = thriftBytes(encoding, "jaeger.Batch", batch);
      const piece = whole.subarray(0, cut % whole.length);
      expect(() => jaegerBatchToOtlp(piece, protocol(encoding))).toThrow(/^malformed Thrift at byte \d+: /);
    }),
  );
});
