/** What a search must find, by looking at every span: the semantics of docs and of Jaeger, in the plainest loop. */
import type { PlainAttribute, PlainSpan, PlainValue } from "../data/search-traces.ts";

export interface Question {
  readonly service: string | undefined;
  readonly operation: string | undefined;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  /** Nanoseconds, both inclusive. */
  readonly startMinNanos: bigint;
  readonly startMaxNanos: bigint;
  readonly durationMinNanos: bigint | undefined;
  readonly durationMaxNanos: bigint | undefined;
  readonly limit: number;
}

interface Answer {
  readonly traceId: string;
  /** Every span of the trace, those alike once. */
  readonly spans: readonly Seen[];
}

/** A span as a reader sees it. */
export interface Seen {
  readonly span: PlainSpan;
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly status: number;
  readonly start: bigint;
  readonly end: bigint;
  /** "key\0text" of all levels, and of resources alone. */
  readonly texts: ReadonlySet<string>;
  readonly resourceTexts: ReadonlySet<string>;
}

export interface Oracle {
  search(question: Question): Answer[];
  trace(traceId: string): readonly Seen[];
}

export function searchOracle(
  batches: readonly { readonly received: bigint; readonly spans: readonly PlainSpan[] }[],
): Oracle {
  const traces = new Map<string, Map<string, Seen>>();
  for (const { received, spans } of batches) {
    for (const span of spans) {
      const start = span.start === 0n ? received : span.start;
      const own = traces.get(span.traceId) ?? new Map<string, Seen>();
      traces.set(span.traceId, own);
      const content = contentText(span, start);
      if (!own.has(content)) own.set(content, seen(span, start));
    }
  }
  const all = [...traces].map(([traceId, own]) => ({ traceId, spans: [...own.values()] }));
  return {
    trace: (traceId) => [...(traces.get(traceId)?.values() ?? [])],
    search(question) {
      const found: { answer: Answer; newest: bigint }[] = [];
      for (const answer of all) {
        let newest: bigint | undefined;
        for (const span of answer.spans) {
          if (newest !== undefined && span.start <= newest) continue;
          if (matches(span, question)) newest = span.start;
        }
        if (newest !== undefined) found.push({ answer, newest });
      }
      found.sort((a, b) =>
        a.newest === b.newest ? (a.answer.traceId < b.answer.traceId ? -1 : 1) : a.newest > b.newest ? -1 : 1,
      );
      return found.slice(0, question.limit).map(({ answer }) => answer);
    },
  };
}

const contentText = (span: PlainSpan, start: bigint): string =>
  JSON.stringify({ ...span, start }, (_, value) => {
    if (typeof value === "bigint") return `${value}n`;
    return typeof value === "number" ? `${value}` : value;
  });

function seen(span: PlainSpan, start: bigint): Seen {
  const nested = [
    ...span.attributes,
    ...span.resource.attributes,
    ...span.scope.attributes,
    ...span.events.flatMap((event) => event.attributes),
    ...span.links.flatMap((link) => link.attributes),
  ];
  return {
    span,
    service: serviceOf(span),
    name: span.name === "" ? "empty-span-name" : span.name,
    kind: span.kind > 5 ? 0 : span.kind,
    status: span.status > 2 ? 0 : span.status,
    start,
    end: span.end > start ? span.end : start + 1n,
    texts: new Set(nested.map(keyText)),
    resourceTexts: new Set(span.resource.attributes.map(keyText)),
  };
}

const keyText = ([key, value]: PlainAttribute): string => `${key}\0${textOf(value)}`;

function serviceOf(span: PlainSpan): string {
  const value = span.resource.attributes.find(([key]) => key === "service.name")?.[1];
  if (value === undefined) return "missing-service-name";
  if (!("string" in value)) return "service-name-wrong-type";
  return value.string === "" ? "empty-service-name" : value.string;
}

/** As the Collector's AsString has it; maps and arrays as compact JSON, keys sorted. */
export function textOf(value: PlainValue): string {
  if ("string" in value) return value.string;
  if ("nothing" in value) return "";
  if ("bytes" in value) return Buffer.from(value.bytes).toString("base64");
  if ("bool" in value) return `${value.bool}`;
  if ("int" in value) return `${value.int}`;
  if ("double" in value) return value.double === Number.POSITIVE_INFINITY ? "+Inf" : `${value.double}`;
  return JSON.stringify(jsonOf(value));
}

/** Only what the generator nests. */
function jsonOf(value: PlainValue): unknown {
  if ("array" in value) return value.array.map(jsonOf);
  if ("map" in value)
    return Object.fromEntries(
      [...value.map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, jsonOf(inner)]),
    );
  if ("int" in value) return Number(value.int);
  if ("double" in value) return value.double;
  if ("bool" in value) return value.bool;
  return "nothing" in value ? null : textOf(value);
}

function matches(span: Seen, question: Question): boolean {
  if (span.start < question.startMinNanos || span.start > question.startMaxNanos) return false;
  const duration = span.end - span.start;
  if (question.durationMinNanos !== undefined && duration < question.durationMinNanos) return false;
  if (question.durationMaxNanos !== undefined && duration > question.durationMaxNanos) return false;
  if (question.service !== undefined && span.service !== question.service) return false;
  if (question.operation !== undefined && span.name !== question.operation) return false;
  return question.tags.every(({ key, value }) => span.texts.has(`${key}\0${value}`) || isSpecial(span, key, value));
}

const KIND_NAMES: Record<string, number> = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const STATUS_NAMES: Record<string, number> = { ok: 1, error: 2 };

function isSpecial(span: Seen, key: string, value: string): boolean {
  if (key === "error") {
    if (["1", "t", "T", "TRUE", "true", "True"].includes(value)) return span.status === 2;
    return ["0", "f", "F", "FALSE", "false", "False"].includes(value) && span.status !== 2;
  }
  if (key === "span.kind") return span.kind === (KIND_NAMES[value.toLowerCase()] ?? 0);
  if (key === "span.status") return span.status === (STATUS_NAMES[value.toLowerCase()] ?? 0);
  if (key === "otel.status_code")
    return (value === "ERROR" && span.status === 2) || (value === "OK" && span.status === 1);
  if (key === "scope.name" || key === "otel.scope.name") return span.span.scope.name === value;
  if (key === "scope.version" || key === "otel.scope.version") return span.span.scope.version === value;
  if (key === "event") return value !== "" && span.span.events.some((event) => event.name === value);
  return key.startsWith("resource.") && span.resourceTexts.has(`${key.slice("resource.".length)}\0${value}`);
}
