// The requests that each sampler beside this file decides about.
import { setTimeout as sleep } from "node:timers/promises";

const { REQUESTS = "1000", PER_SECOND = "500" } = process.env;

/** Starts and ends a span for each; prints, for each second, how many there were and how many of them were kept. */
export async function traffic(startSpan, isKept) {
  const perSecond = Number(PER_SECOND);
  const began = Date.now();
  let second = { requests: 0, kept: 0 };
  for (let i = 1; i <= Number(REQUESTS); i++) {
    const span = startSpan();
    second.requests++;
    if (isKept(span)) second.kept++;
    if (span.end === undefined) span.finish();
    else span.end();
    if (i % perSecond === 0) {
      console.log(JSON.stringify(second));
      second = { requests: 0, kept: 0 };
    }
    await sleep(Math.max(0, began + (i * 1000) / perSecond - Date.now()));
  }
}
