import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ingestApp } from "../../lib/http/ingest.ts";
import { jaegerPostSpansToOtlp } from "../../lib/jaeger/proto/post-spans.ts";
import { jaegerEmitBatchToOtlp } from "../../lib/jaeger/thrift/batch.ts";
import { CLIENTS } from "../interop/clients.ts";
import { type JaegerTrace, shown } from "../interop/shown.ts";
import { shownAsJaeger } from "../support/shown-as-jaeger.ts";
import type { Message } from "./wire/sink.ts";

/** What real clients sent (wire/make.ts), against what was written by hand from their programs (interop/expected). */
const folder = join(import.meta.dirname, "wire");

interface Golden {
  readonly client: string;
  readonly traceId: string;
  readonly start: number;
  readonly messages: readonly Message[];
}

const goldens: Golden[] = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));

/** Through the very door where it has one. */
async function traces({ by, path = "", headers = {}, body }: Message): Promise<Uint8Array[]> {
  const bytes = Buffer.from(body, "base64");
  if (by === "grpc")
    return [path.endsWith("/PostSpans") ? jaegerPostSpansToOtlp(grpcMessage(bytes)) : grpcMessage(bytes)];
  if (by !== "http") return [jaegerEmitBatchToOtlp(bytes, by)];
  const taken: Uint8Array[] = [];
  const app = ingestApp({
    async ingest(_, sent) {
      taken.push(sent);
      return { acceptedSpans: 1, rejectedSpans: 0, message: "" };
    },
    tenantOf: () => "default",
    onFault: (error) => {
      throw error;
    },
    corsOrigins: [],
  });
  const answer = await app.request(path, { method: "POST", headers, body: bytes });
  expect(answer.status, await answer.text()).toBe(path.startsWith("/v1/") ? 200 : 202);
  return taken;
}

/** One frame: whether it is compressed, its length, the message. */
function grpcMessage(frame: Buffer): Uint8Array {
  expect(frame.readUInt32BE(1)).toBe(frame.length - 5);
  return frame[0] === 1 ? gunzipSync(frame.subarray(5)) : frame.subarray(5);
}

/** All spans as one trace, each with a process of its own. */
function traceOf(sent: readonly Uint8Array[], traceID: string): JaegerTrace {
  const found = sent.flatMap((bytes) => shownAsJaeger(bytes));
  return {
    traceID,
    spans: found.map((span, i) => ({ ...span, processID: String(i), warnings: null })),
    processes: Object.fromEntries(found.map(({ process }, i) => [String(i), process])),
  };
}

describe("what a client sent is what its program told", () => {
  test.each(CLIENTS.map(({ language, name, expected }) => [`${language}: ${name}`, expected] as const))(
    "%s",
    async (client, expected) => {
      const golden = goldens.find((each) => each.client === client);
      if (golden === undefined) throw new Error(`no golden of ${client}: node test/golden/wire/make.ts`);
      const sent = (await Promise.all(golden.messages.map(traces))).flat();
      const trace = traceOf(sent, golden.traceId.padStart(golden.traceId.length > 16 ? 32 : 16, "0"));
      const isTold = expected.spans.some(({ at }) => at !== undefined);
      expect(shown(trace, isTold ? golden.start : undefined)).toEqual(expected);
    },
  );
});
