// Writes an hour's segments to a folder: node merge-inputs.ts FOLDER SEGMENTS SPANS, SPANS each. A folder a segment, a file a part.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gatherSpans } from "../../lib/store/plan-spans.ts";
import { buildSegments } from "../../lib/store/segment/build-segments.ts";
import { readBundle } from "../../lib/store/segment/read-bundle.ts";
import { readHead } from "../../lib/store/segment/read-head.ts";
import { collectorRequests, TRAFFIC_START_MILLIS } from "./requests.ts";

const [folder = "", segments = "1", spans = "1"] = process.argv.slice(2);
const MILLIS_PER_HOUR = 3_600_000;
const hour = TRAFFIC_START_MILLIS / MILLIS_PER_HOUR;

for (let n = 0; n < Number(segments); n++) {
  const at = TRAFFIC_START_MILLIS + Math.floor(((n + 0.5) / Number(segments)) * (MILLIS_PER_HOUR - 120_000));
  const batches = collectorRequests(Number(spans), { seed: n + 1, spansPerTrace: 9.5 }, at).map(({ bytes }) => ({
    ...{ tenant: "default", receivedNanos: BigInt(at) * 1_000_000n, traces: bytes },
  }));
  const plan = { stream: "skua/1", shardId: "shardId-000000000000", first: `${n}0`, last: `${n}9`, at, closed: -1 };
  const built = gatherSpans(batches)
    .flatMap((gathered) => buildSegments(gathered, plan))
    .find((segment) => segment.hour === hour);
  if (built === undefined) throw new Error(`segment ${n}: no span in the hour`);
  const { body, termParts } = readHead(built.head);
  const bundle = typeof body === "object" ? body : built.bundle === undefined ? undefined : readBundle(built.bundle);
  const own = join(folder, `${at}-${n}`);
  mkdirSync(own);
  writeFileSync(join(own, "head"), built.head);
  for (let i = 0; i < termParts; i++)
    writeFileSync(join(own, String(i)), bundle?.terms(i) ?? (built.terms[i] as Uint8Array));
}
