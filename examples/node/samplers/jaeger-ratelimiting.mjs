import { trafficWith } from "./jaeger.mjs";

/** Two traces a second. */
await trafficWith({ type: "ratelimiting", param: 2 });
