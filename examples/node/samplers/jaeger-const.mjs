import { trafficWith } from "./jaeger.mjs";

/** 1 keeps everything, 0 nothing. */
await trafficWith({ type: "const", param: Number(process.env.JAEGER_SAMPLER_PARAM ?? 1) });
