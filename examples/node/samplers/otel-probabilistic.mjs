import { ParentBasedSampler, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace-base";
import { trafficWith } from "./otel.mjs";

/** Three of ten traces. Without code: OTEL_TRACES_SAMPLER=parentbased_traceidratio, OTEL_TRACES_SAMPLER_ARG=0.3. */
await trafficWith(new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.3) }));
