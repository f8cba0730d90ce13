import { trafficWith } from "./jaeger.mjs";

/** What the server's file of strategies says of this service, asked for every second; `param` is kept until it has answered. */
await trafficWith({
  type: "remote",
  param: 0.001,
  hostPort: process.env.JAEGER_SAMPLER_MANAGER_HOST_PORT ?? "localhost:5778",
  refreshIntervalMs: 1000,
});
