import { invalid } from "../model/errors.ts";
import { type Method, unary } from "../rpc/method.ts";
import { readText } from "../rpc/read-text.ts";
import { strategyResponseBytes } from "../sampling/response-bytes.ts";
import { type ServiceStrategy, type Strategies, strategyFor } from "../sampling/strategies.ts";

/** Jaeger's remote sampling over gRPC (jaeger-idl, proto/api_v2/sampling.proto). @param strategies asked each time, for they are reloaded */
export const samplingMethod = (strategies: () => Strategies): Method<"ingest"> =>
  unary({
    service: "jaeger.api_v2.SamplingManager",
    name: "GetSamplingStrategy",
    scope: "ingest",
    /** SamplingStrategyParameters{serviceName 1}. */
    decode: (bytes) => readText(bytes, 1),
    handle(service): ServiceStrategy {
      if (service === "") throw invalid("serviceName: expected the name of a service");
      return strategyFor(strategies(), service);
    },
    encode: strategyResponseBytes,
  });
