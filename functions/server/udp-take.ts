import { jaegerEmitBatchToOtlp } from "../../lib/jaeger/thrift/batch.ts";
import { type Code, TracingError } from "../../lib/model/errors.ts";
import type { Ingest } from "../../lib/pipeline/ingest.ts";
import type { Sleep } from "../../lib/runtime/retry.ts";
import type { SummedLog } from "./summed-log.ts";
import type { OnLost, UdpName, UdpParts } from "./udp-thread.ts";

export interface TakeDatagramsParts {
  readonly ingests: Readonly<Record<UdpName, Ingest>>;
  /** Whose spans they are: a datagram has no room for a credential. */
  readonly tenant: string;
  readonly sleep: Sleep;
  readonly onLost: OnLost;
  /** Told of spans that are not kept, or not whole: their sender cannot be. */
  readonly tell: SummedLog["tell"];
}

/** Nobody sends a datagram again: while the stream takes nothing they wait here, and those behind them in the thread's queue. */
const TRIES = 30;
const RETRY_MILLIS = 1_000;

/** What Jaeger's own clients send to an agent: each datagram a batch of one process (jaeger-wire 4.3). */
export function takeDatagrams({ ingests, tenant, sleep, onLost, tell }: TakeDatagramsParts): UdpParts["take"] {
  return async (protocol, datagrams) => {
    const parts = decoded(protocol, datagrams, onLost);
    if (parts.length > 0) await taken(protocol, parts);
  };

  async function taken(protocol: UdpName, parts: readonly Uint8Array[]): Promise<void> {
    // One TracesData of all: its parts may simply follow each other (protobuf, "Last One Wins").
    const traces = Buffer.concat(parts);
    for (let left = TRIES; ; left--) {
      try {
        const { rejectedSpans, truncatedSpans = 0, message } = await ingests[protocol](tenant, traces);
        const own = { level: "warn", by: { protocol }, why: { message } } as const;
        if (rejectedSpans > 0)
          tell({ ...own, message: "spans from datagrams were refused", counts: { rejectedSpans } });
        if (truncatedSpans > 0) tell({ ...own, message: "spans from datagrams were cut", counts: { truncatedSpans } });
        return;
      } catch (error) {
        // It was us who put them together.
        if (isOf(error, "too_large") && parts.length > 1) {
          const middle = parts.length >>> 1;
          await taken(protocol, parts.slice(0, middle));
          await taken(protocol, parts.slice(middle));
          return;
        }
        if (left === 1 || !(isOf(error, "unavailable") || isOf(error, "throttled"))) {
          onLost({ protocol, lost: parts.length, by: "stream", error });
          return;
        }
        await sleep(RETRY_MILLIS);
      }
    }
  }
}

const isOf = (error: unknown, code: Code): boolean => error instanceof TracingError && error.code === code;

/** TracesData of each that can be read. */
function decoded(protocol: UdpName, datagrams: readonly Uint8Array[], onLost: OnLost): Uint8Array[] {
  const parts: Uint8Array[] = [];
  let malformed = 0;
  let first: unknown;
  for (const datagram of datagrams) {
    try {
      parts.push(jaegerEmitBatchToOtlp(datagram, protocol));
    } catch (error) {
      first ??= error;
      malformed++;
    }
  }
  if (malformed > 0) onLost({ protocol, lost: malformed, by: "malformed", first: String(first) });
  return parts;
}
