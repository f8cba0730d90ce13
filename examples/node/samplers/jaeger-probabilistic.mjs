import { trafficWith } from "./jaeger.mjs";

/** Three of ten traces. */
await trafficWith({ type: "probabilistic", param: 0.3 });
