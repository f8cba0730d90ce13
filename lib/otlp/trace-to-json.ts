import type { Resource, Scope, Span, SpanEvent, SpanLink, Trace } from "../model/span.ts";
import { attributesField } from "./value-to-json.ts";

/** Text is handed on in pieces of at least this many characters: large enough for few writes, small beside a trace. */
const PIECE_CHARS = 64 * 1024;

/**
 * A trace as elements of `resourceSpans` in OTLP's JSON, separated by commas, in pieces of text. Spans with equal resource
 * and scope stand together, in the trace's order.
 *
 * The flavour is the Collector's (jaeger-wire 1.9): hex ids, numbers for enums, strings for 64-bit integers; `resource`,
 * `scope` and `status` are always there, other fields when they are not empty.
 */
export function* resourceSpansPieces(trace: Trace): Generator<string> {
  let text = "";
  let isFirstResource = true;
  for (const { head, tail, scopes } of grouped(trace.spans)) {
    text += `${isFirstResource ? "" : ","}{${head},"scopeSpans":[`;
    isFirstResource = false;
    let isFirstScope = true;
    for (const scope of scopes.values()) {
      text += `${isFirstScope ? "" : ","}{${scope.head},"spans":[`;
      isFirstScope = false;
      let separator = "";
      for (const span of scope.spans) {
        text += separator + spanJson(span);
        separator = ",";
        if (text.length >= PIECE_CHARS) {
          yield text;
          text = "";
        }
      }
      text += `]${scope.tail}}`;
    }
    text += `]${tail}}`;
  }
  yield text;
}

interface ResourceGroup {
  /** Text before and after the children. */
  readonly head: string;
  readonly tail: string;
  readonly scopes: Map<string, ScopeGroup>;
}

interface ScopeGroup {
  readonly head: string;
  readonly tail: string;
  readonly spans: Span[];
}

/** Equal by text, because spans that were stored apart do not share objects; each object is written once. */
function grouped(spans: readonly Span[]): Iterable<ResourceGroup> {
  const groups = new Map<string, ResourceGroup>();
  const known = new Map<Resource, Map<Scope, ScopeGroup>>();
  for (const span of spans) {
    const byScope = known.get(span.resource) ?? new Map<Scope, ScopeGroup>();
    known.set(span.resource, byScope);
    const group = byScope.get(span.scope) ?? groupOf(groups, span);
    byScope.set(span.scope, group);
    group.spans.push(span);
  }
  return groups.values();
}

function groupOf(groups: Map<string, ResourceGroup>, { resource, scope }: Span): ScopeGroup {
  const head = `"resource":${resourceJson(resource)}`;
  const tail = textField("schemaUrl", resource.schemaUrl);
  const key = head + tail;
  const group = groups.get(key) ?? { head, tail, scopes: new Map<string, ScopeGroup>() };
  groups.set(key, group);
  const scopeHead = `"scope":${scopeJson(scope)}`;
  const scopeTail = textField("schemaUrl", scope.schemaUrl);
  const scopeKey = scopeHead + scopeTail;
  const scopeGroup = group.scopes.get(scopeKey) ?? { head: scopeHead, tail: scopeTail, spans: [] };
  group.scopes.set(scopeKey, scopeGroup);
  return scopeGroup;
}

const resourceJson = ({ attributes, droppedAttributesCount }: Resource): string =>
  object(attributesField(attributes) + numberField("droppedAttributesCount", droppedAttributesCount));

const scopeJson = ({ name, version, attributes, droppedAttributesCount }: Scope): string =>
  object(
    textField("name", name) +
      textField("version", version) +
      attributesField(attributes) +
      numberField("droppedAttributesCount", droppedAttributesCount),
  );

/** Fields in the order of the .proto file. */
const spanJson = (span: Span): string =>
  `{"traceId":"${span.traceId}","spanId":"${span.spanId}"` +
  textField("traceState", span.traceState) +
  textField("parentSpanId", span.parentSpanId ?? "") +
  textField("name", span.name) +
  numberField("kind", span.kind) +
  longField("startTimeUnixNano", span.startNanos) +
  longField("endTimeUnixNano", span.endNanos) +
  attributesField(span.attributes) +
  numberField("droppedAttributesCount", span.droppedAttributesCount) +
  listField("events", span.events.map(eventJson)) +
  numberField("droppedEventsCount", span.droppedEventsCount) +
  listField("links", span.links.map(linkJson)) +
  numberField("droppedLinksCount", span.droppedLinksCount) +
  `,"status":${object(textField("message", span.statusMessage) + numberField("code", span.statusCode))}` +
  `${numberField("flags", span.flags)}}`;

const eventJson = ({ timeNanos, name, attributes, droppedAttributesCount }: SpanEvent): string =>
  object(
    longField("timeUnixNano", timeNanos) +
      textField("name", name) +
      attributesField(attributes) +
      numberField("droppedAttributesCount", droppedAttributesCount),
  );

const linkJson = ({ traceId, spanId, traceState, attributes, droppedAttributesCount, flags }: SpanLink): string =>
  object(
    textField("traceId", idOrNone(traceId)) +
      textField("spanId", idOrNone(spanId)) +
      textField("traceState", traceState) +
      attributesField(attributes) +
      numberField("droppedAttributesCount", droppedAttributesCount) +
      numberField("flags", flags),
  );

/** An id of zeros is how OTLP says that there is none. */
const idOrNone = (id: string): string => (/^0*$/.test(id) ? "" : id);

/** An object of fields that each begin with a comma. */
const object = (fields: string): string => `{${fields.slice(1)}}`;

const textField = (name: string, value: string): string => (value === "" ? "" : `,"${name}":${JSON.stringify(value)}`);

const numberField = (name: string, value: number): string => (value === 0 ? "" : `,"${name}":${value}`);

const longField = (name: string, value: bigint): string => (value === 0n ? "" : `,"${name}":"${value}"`);

const listField = (name: string, values: readonly string[]): string =>
  values.length === 0 ? "" : `,"${name}":[${values.join(",")}]`;
