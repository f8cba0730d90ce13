import { type Question, type Seen, textOf } from "../oracle/search.ts";
import type { Random } from "./random.ts";
import type { PlainAttribute } from "./search-traces.ts";

const NANOS_PER_HOUR = 3_600_000_000_000n;

const SPECIAL_TAGS = [
  ...["true", "false", "1", "F", "timeout", "maybe"].map((value) => ({ key: "error", value })),
  ...["server", "CLIENT", "internal", "producer", "nonsense"].map((value) => ({ key: "span.kind", value })),
  ...["ok", "Error", "unset", "nonsense"].map((value) => ({ key: "span.status", value })),
  ...["OK", "ERROR", "error"].map((value) => ({ key: "otel.status_code", value })),
  ...["io.shop", "net/http", "none"].map((value) => ({ key: "scope.name", value })),
  ...["io.shop"].map((value) => ({ key: "otel.scope.name", value })),
  ...["1.2.3", "2.0"].map((value) => ({ key: "scope.version", value })),
  ...["exception", "retry", "nothing"].map((value) => ({ key: "event", value })),
  { key: "resource.host.name", value: "host-1" },
  { key: "resource.host.name", value: "host-9" },
  { key: "resource.", value: "nameless" },
  // Of spans with more attributes than the index takes.
  ...["wide.65", "wide.72", "wide.100"].map((key) => ({ key, value: "2" })),
  ...["wide.5", "wide.68", "wide.89"].map((key) => ({ key, value: "5" })),
  { key: "absent", value: "absent" },
];

/** Questions that a user may have come to ask after seeing one of these spans, and some that nothing answers. */
export function question(random: Random, spans: readonly Seen[]): Question {
  const about = random.pick(spans);
  const tags = Array.from({ length: random.pick([0, 0, 1, 1, 2, 3]) }, () =>
    random.chance(0.4) ? random.pick(SPECIAL_TAGS) : tagOf(random, random.chance(0.8) ? about : random.pick(spans)),
  );
  const duration = about.end - about.start;
  return {
    service: random.chance(0.5) ? about.service : random.chance(0.05) ? "unknown" : undefined,
    operation: random.chance(0.3) ? about.name : random.chance(0.05) ? "unknown" : undefined,
    tags,
    ...windowOf(random, about.start),
    durationMinNanos: random.chance(0.2) ? duration - BigInt(random.below(2)) : undefined,
    durationMaxNanos: random.chance(0.2) ? duration + BigInt(random.below(2)) : undefined,
    limit: random.pick([1, 3, 20, 20, 20, 100, 150]),
  };
}

function tagOf(random: Random, { span }: Seen): { key: string; value: string } {
  const levels: readonly (readonly PlainAttribute[])[] = [
    span.attributes,
    span.resource.attributes,
    span.scope.attributes,
    ...span.events.map((event) => event.attributes),
    ...span.links.map((link) => link.attributes),
  ].filter((level) => level.length > 0);
  const [key, value] = random.pick(random.pick(levels));
  return { key, value: textOf(value) };
}

/** From one nanosecond to everything, ends at starts of spans and at the edges of hours. */
function windowOf(random: Random, start: bigint): { startMinNanos: bigint; startMaxNanos: bigint } {
  const hour = (start / NANOS_PER_HOUR) * NANOS_PER_HOUR;
  const minutes = BigInt(random.below(120)) * 60_000_000_000n;
  const windows: readonly (readonly [bigint, bigint])[] = [
    [0n, start * 2n],
    [start, start],
    [start - minutes, start + minutes],
    [start - minutes, start - 1n],
    [hour, hour + NANOS_PER_HOUR - 1n],
    [hour - 1n, hour],
    [hour - 3n * NANOS_PER_HOUR, hour + minutes],
    [start + 1n, start * 2n],
  ];
  const [startMinNanos, startMaxNanos] = random.pick(windows);
  return { startMinNanos, startMaxNanos };
}
