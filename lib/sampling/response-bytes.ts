import { Writer } from "../otlp/write.ts";
import type { ServiceStrategy } from "./strategies.ts";

/** SamplingStrategyType (jaeger-idl, proto/api_v2/sampling.proto). */
const RATE_LIMITING = 1;

/** The field is an int32. */
const MOST_TRACES_PER_SECOND = 2 ** 31 - 1;

/** jaeger.api_v2.SamplingStrategyResponse: what {@link strategyResponse} says as JSON. */
export function strategyResponseBytes({ strategy, operations }: ServiceStrategy): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  if (strategy.type === "probabilistic") writeRate(writer, 2, strategy.rate);
  else {
    writer.uint32(1, RATE_LIMITING);
    const limiting = writer.begin(3);
    writer.uint32(1, Math.min(MOST_TRACES_PER_SECOND, strategy.tracesPerSecond));
    writer.end(limiting);
  }
  if (operations !== undefined) {
    const block = writer.begin(4);
    writer.double(1, operations.defaultRate);
    for (const [operation, rate] of operations.rates) {
      const one = writer.begin(3);
      writer.text(1, operation);
      writeRate(writer, 2, rate);
      writer.end(one);
    }
    writer.end(block);
  }
  return writer.finish();
}

/** ProbabilisticSamplingStrategy{samplingRate 1}. */
function writeRate(writer: Writer, field: number, rate: number): void {
  const start = writer.begin(field);
  writer.double(1, rate);
  writer.end(start);
}
