import { ParentBasedSampler, SamplingDecision } from "@opentelemetry/sdk-trace-base";
import { trafficWith } from "./otel.mjs";

/** A token bucket: the SDK has none of its own. */
class RateLimitingSampler {
  constructor(perSecond) {
    this.perSecond = perSecond;
    this.tokens = perSecond;
    this.at = performance.now();
  }

  shouldSample() {
    const now = performance.now();
    this.tokens = Math.min(this.perSecond, this.tokens + ((now - this.at) / 1000) * this.perSecond);
    this.at = now;
    if (this.tokens < 1) return { decision: SamplingDecision.NOT_RECORD };
    this.tokens--;
    return { decision: SamplingDecision.RECORD_AND_SAMPLED };
  }

  toString() {
    return `RateLimitingSampler{${this.perSecond}}`;
  }
}

/** Two traces a second. */
await trafficWith(new ParentBasedSampler({ root: new RateLimitingSampler(2) }));
