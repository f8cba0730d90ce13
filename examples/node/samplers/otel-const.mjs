import { AlwaysOffSampler, AlwaysOnSampler } from "@opentelemetry/sdk-trace-base";
import { trafficWith } from "./otel.mjs";

/** Without code: OTEL_TRACES_SAMPLER=always_on or always_off. */
await trafficWith(process.env.KEEP === "0" ? new AlwaysOffSampler() : new AlwaysOnSampler());
