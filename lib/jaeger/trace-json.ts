import type { Attribute } from "../model/attributes.ts";
import { shortTraceId } from "../model/ids.ts";
import { type Resource, type Span, type SpanEvent, serviceName, type Trace } from "../model/span.ts";
import { NANOS_PER_MICRO } from "../model/time.ts";
import { referencesJson } from "./references.ts";
import { spanTags } from "./span-tags.ts";
import { tagJson, tagsJson } from "./tags.ts";
import { sentWarnings, WARNINGS_KEY } from "./warnings.ts";

/** Text is handed on in pieces of at least this many characters: large enough for few writes, small beside a trace. */
const PIECE_CHARS = 64 * 1024;

/**
 * A trace as Jaeger's UI model has it (jaeger/internal/uimodel/model.go; OTLP is mapped as in jaeger-wire 1.7), in
 * pieces of text, so that a trace of 50,000 spans never lies in memory as objects, as one text and as bytes at once.
 */
export function* tracePieces(trace: Trace): Generator<string> {
  const processes = new Processes();
  let text = `{"traceID":"${shortTraceId(trace.traceId)}","spans":[`;
  let separator = "";
  for (const span of trace.spans) {
    text += separator + spanJson(span, processes.keyOf(span.resource));
    separator = ",";
    if (text.length >= PIECE_CHARS) {
      yield text;
      text = "";
    }
  }
  yield `${text}],"processes":${processes.json()},"warnings":${warningsJson(trace.warnings)}}`;
}

export const traceJson = (trace: Trace): string => [...tracePieces(trace)].join("");

function spanJson(span: Span, processKey: string): string {
  const id = `"traceID":"${shortTraceId(span.traceId)}","spanID":"${span.spanId}"`;
  const name = `"operationName":${JSON.stringify(span.name)},"references":${referencesJson(span)}`;
  // Cut to whole microseconds as text: a number would lose digits where a client sent nonsense times.
  const start = span.startNanos / NANOS_PER_MICRO;
  const duration = (span.endNanos - span.startNanos) / NANOS_PER_MICRO;
  const attributes = span.attributes.filter((attribute) => attribute.key !== WARNINGS_KEY);
  const tags = spanTags(span, attributes);
  const logs = `[${span.events.map(logJson).join(",")}]`;
  const warnings = warningsJson([...sentWarnings(span), ...span.warnings]);
  return `{${id},${name},"startTime":${start},"duration":${duration},"tags":${tags},"logs":${logs},"processID":"${processKey}","warnings":${warnings}}`;
}

function logJson(event: SpanEvent): string {
  const fields = event.attributes.map(tagJson);
  // The UI reads an event's name from the field "event"; one that the sender wrote itself wins.
  const isNamed = event.name !== "" && !event.attributes.some((attribute) => attribute.key === "event");
  if (isNamed) fields.unshift(tagJson({ key: "event", value: { type: "string", value: event.name } }));
  return `{"timestamp":${event.timeNanos / NANOS_PER_MICRO},"fields":[${fields.join(",")}]}`;
}

const warningsJson = (warnings: readonly string[]): string =>
  warnings.length === 0 ? "null" : JSON.stringify(warnings);

/** A trace's processes under p1, p2, … in the order in which its spans bring them; equal ones share a key. */
class Processes {
  private readonly keyByResource = new Map<Resource, string>();
  private readonly keyByText = new Map<string, string>();

  keyOf(resource: Resource): string {
    const known = this.keyByResource.get(resource);
    if (known !== undefined) return known;
    const text = processJson(resource);
    const key = this.keyByText.get(text) ?? `p${this.keyByText.size + 1}`;
    this.keyByText.set(text, key);
    this.keyByResource.set(resource, key);
    return key;
  }

  json(): string {
    return `{${[...this.keyByText].map(([text, key]) => `"${key}":${text}`).join(",")}}`;
  }
}

function processJson(resource: Resource): string {
  const tags: Attribute[] = resource.attributes.filter((attribute) => attribute.key !== "service.name");
  return `{"serviceName":${JSON.stringify(serviceName(resource))},"tags":${tagsJson(tags)}}`;
}
