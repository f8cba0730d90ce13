import type { CountedPlan, CountedSpan } from "../support/counted-spans.ts";
import { Random } from "./random.ts";

/** Traces whose spans call each other in every way that counts: OpenTelemetry's, Zipkin's shared ids, queues, lost callers. */
export interface CallTraffic {
  readonly seed: number;
  readonly traces: number;
  readonly services: number;
  /** When a trace starts, milliseconds since the epoch, from a number in [0, 1). */
  readonly startMillis: (fraction: number) => number;
}

const CLIENT = 3;
const SERVER = 2;
const PRODUCER = 4;
const CONSUMER = 5;
const MAX_DEPTH = 4;

export function callTraces({ seed, traces, services, startMillis }: CallTraffic): CountedSpan[] {
  const random = new Random(seed);
  return Array.from({ length: traces }, (_, i) => {
    const start = BigInt(Math.floor(startMillis(i / traces) * 1000)) * 1000n;
    return oneTrace(random, start, services);
  }).flat();
}

function oneTrace(random: Random, start: bigint, services: number): CountedSpan[] {
  const trace = random.hex(16);
  const isZipkin = random.chance(0.25);
  const spans: CountedSpan[] = [];
  const anyService = (): string => `service-${random.below(services)}`;
  const add = (span: Partial<CountedSpan> & Pick<CountedSpan, "id" | "service" | "kind">, from: bigint): bigint => {
    spans.push({
      ...{ trace, parent: undefined, links: [], peer: undefined, name: `op ${random.below(4)}`, startNanos: from },
      ...{ durationNanos: BigInt(Math.floor(random.logNormal(40e6, 1.2)) + 1), isError: random.chance(0.05) },
      ...span,
    });
    return from + BigInt(random.below(30_000_000));
  };

  function serve(service: string, id: string, parent: string | undefined, from: bigint, depth: number): void {
    let now = add({ id, parent, service, kind: SERVER }, from);
    if (depth === MAX_DEPTH) return;
    for (let calls = random.below(depth === 0 ? 5 : 3); calls > 0; calls--) now = call(service, id, now, depth);
  }

  function call(service: string, parent: string, from: bigint, depth: number): bigint {
    const way = random.fraction();
    const id = random.hex(8);
    if (way < 0.2) return add({ id, parent, service, kind: 1 }, from);
    if (way < 0.35) return add({ id, parent, service, kind: CLIENT, peer: "postgres" }, from);
    if (way < 0.5) {
      const after = add({ id, parent, service, kind: PRODUCER }, from);
      const later = after + BigInt(random.below(20_000)) * 1_000_000n;
      add({ id: random.hex(8), service: anyService(), kind: CONSUMER, links: [id] }, later);
      return after;
    }
    const after = add({ id, parent, service, kind: CLIENT, peer: random.chance(0.3) ? "somewhere" : undefined }, from);
    // Clocks differ: who is called may seem to start before who calls.
    const skewed = after - BigInt(random.below(8_000_000));
    serve(anyService(), isZipkin ? id : random.hex(8), isZipkin ? parent : id, skewed, depth + 1);
    return after;
  }

  serve(anyService(), random.hex(8), undefined, start, 0);
  // What is lost on the way leaves orphans.
  return spans.filter(() => !random.chance(0.02));
}

export interface Delivery {
  readonly seed: number;
  readonly shards: number;
  /** How long a service keeps finished spans, and a shard's reader what came; milliseconds. */
  readonly flushMillis: number;
}

/** Spans as they come: each service flushes at a phase of its own, and all of a trace goes to one shard. In the order of `at`. */
export function plansOf(spans: readonly CountedSpan[], { seed, shards, flushMillis }: Delivery): CountedPlan[] {
  const random = new Random(seed);
  const phases = new Map<string, number>();
  const places = new Map<string, number>();
  const known = (map: Map<string, number>, key: string, below: number): number => {
    const value = map.get(key) ?? random.below(below);
    map.set(key, value);
    return value;
  };
  const plans = Map.groupBy(spans, (span) => {
    const endMillis = Number((span.startNanos + span.durationNanos) / 1_000_000n);
    const phase = known(phases, span.service, flushMillis);
    const sent = Math.ceil((endMillis - phase) / flushMillis) * flushMillis + phase;
    const shard = known(places, span.trace, shards);
    return (Math.floor(sent / flushMillis) + 1) * flushMillis + shard;
  });
  return [...plans].map(([at, own]) => ({ at, spans: own })).sort((a, b) => a.at - b.at);
}
