import { JaegerRemoteSampler } from "@opentelemetry/sampler-jaeger-remote";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace-base";
import { SERVICE, trafficWith } from "./otel.mjs";

/** What the server's file of strategies says of this service, asked for every second. It knows probabilities only. */
await trafficWith(
  new JaegerRemoteSampler({
    endpoint: process.env.SAMPLING_ENDPOINT ?? "http://localhost:5778",
    serviceName: SERVICE,
    initialSampler: new AlwaysOffSampler(),
    poolingInterval: 1000,
  }),
);
