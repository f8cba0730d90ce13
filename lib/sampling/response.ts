import type { ServiceStrategy } from "./strategies.ts";

/** SamplingStrategyResponse of jaeger.api_v2 in proto3's JSON: what clients poll for. */
export interface StrategyResponse {
  readonly strategyType: "PROBABILISTIC" | "RATE_LIMITING";
  readonly probabilisticSampling?: { readonly samplingRate: number };
  readonly rateLimitingSampling?: { readonly maxTracesPerSecond: number };
  readonly operationSampling?: {
    readonly defaultSamplingProbability: number;
    readonly defaultLowerBoundTracesPerSecond: number;
    readonly perOperationStrategies: readonly {
      readonly operation: string;
      readonly probabilisticSampling: { readonly samplingRate: number };
    }[];
    readonly defaultUpperBoundTracesPerSecond: number;
  };
}

/** Clients that know operations go by their block; to all others the service's own strategy is stated as well (jaeger-wire 4.7). */
export function strategyResponse({ strategy, operations }: ServiceStrategy): StrategyResponse {
  const own: StrategyResponse =
    strategy.type === "probabilistic"
      ? { strategyType: "PROBABILISTIC", probabilisticSampling: { samplingRate: strategy.rate } }
      : { strategyType: "RATE_LIMITING", rateLimitingSampling: { maxTracesPerSecond: strategy.tracesPerSecond } };
  if (operations === undefined) return own;
  return {
    ...own,
    operationSampling: {
      defaultSamplingProbability: operations.defaultRate,
      // No file can state bounds.
      defaultLowerBoundTracesPerSecond: 0,
      perOperationStrategies: [...operations.rates].map(([operation, samplingRate]) => ({
        operation,
        probabilisticSampling: { samplingRate },
      })),
      defaultUpperBoundTracesPerSecond: 0,
    },
  };
}
