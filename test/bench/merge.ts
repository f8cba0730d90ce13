// What it takes to merge an hour, SEGMENTS of SPANS each, from its term parts to the items of the merged segment: node
// test/bench/merge.ts SEGMENTS SPANS. The segments are made by another process; their parts are read from files. Beside it
// what Node's own one-shot call takes to inflate the same parts' terms.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { writeUnits } from "../../lib/store/item-bytes.ts";
import { mergedInputsKey, mergedTermsKey, mergedTracesKey } from "../../lib/store/keys.ts";
import { mergeSegments, type SegmentSource } from "../../lib/store/merge/merge-segments.ts";
import { readHead } from "../../lib/store/segment/read-head.ts";
import { cpuSeconds, report } from "./measure.ts";
import { TRAFFIC_START_MILLIS } from "./requests.ts";

const KEYS = { inputs: mergedInputsKey, terms: mergedTermsKey, traces: mergedTracesKey } as const;
/** RFC 8878, section 3.1.1. */
const ZSTD_MAGIC = Buffer.of(0x28, 0xb5, 0x2f, 0xfd);
const hour = TRAFFIC_START_MILLIS / 3_600_000;

const folder = mkdtempSync(join(tmpdir(), "skua-merge-"));
try {
  const [segments = "62", spans = "58000"] = process.argv.slice(2);
  execFileSync(process.execPath, [join(import.meta.dirname, "merge-inputs.ts"), folder, segments, spans]);
  await measure(readdirSync(folder).map((name) => join(folder, name)));
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(segments: readonly string[]): Promise<void> {
  const sources = segments.map(source);
  const before = process.cpuUsage();
  const { head, items } = mergeSegments(sources);
  const units = { inputs: 0, terms: 0, traces: 0 };
  const bytes = { inputs: 0, terms: 0, traces: 0 };
  for await (const { kind, n, body } of items) {
    units[kind] += writeUnits({ ...KEYS[kind]("default", head.id, n), body, ttl: 1_790_000_000 });
    bytes[kind] += body.length;
  }
  const { user, system } = process.cpuUsage(before);
  const own = (user + system) / 1e6;
  const peakMegabytes = process.resourceUsage().maxRSS / 1024;
  const inflating = await cpuSeconds(async () => {
    for (const { input, terms } of sources)
      for (let n = 0; n < input.head.termParts; n++) zstdDecompressSync(firstFrame(await terms(n)));
  });
  report({
    ...{ spans: head.spans, cpuSeconds: own, timesInflating: own / inflating, peakMegabytes },
    unitsPerSpan: (units.inputs + units.terms + units.traces) / head.spans,
    ...{ termPartBytes: bytes.terms / head.termParts, tracePartBytes: bytes.traces / head.traceParts },
    inputBytes: bytes.inputs,
  });
}

/** The first frame and what follows it, which whoever inflates the one leaves alone. */
function firstFrame(part: Uint8Array): Uint8Array {
  const bytes = Buffer.from(part.buffer, part.byteOffset, part.length);
  const at = bytes.indexOf(ZSTD_MAGIC);
  if (at < 0) throw new Error("a part without a frame: there is nothing to be compared with");
  return bytes.subarray(at);
}

function source(segment: string): SegmentSource {
  const { body, ...head } = readHead(readFileSync(join(segment, "head")));
  const kind = typeof body === "object" ? "inline" : body;
  const at = Number(basename(segment).split("-")[0]);
  const terms = async (n: number) => readFileSync(join(segment, String(n)));
  return { input: { head: { ...head, body: kind }, hour, at, isLate: false }, terms };
}
