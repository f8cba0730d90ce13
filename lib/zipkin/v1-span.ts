import type { AnyValue, Attribute } from "../model/attributes.ts";
import type { WideId } from "../otlp/write-span.ts";
import {
  CLIENT,
  CONSUMER,
  PRODUCER,
  SERVER,
  type ZipkinAnnotation,
  type ZipkinEndpoint,
  type ZipkinSpan,
} from "./incoming.ts";

/** A span of Zipkin's first version, in JSON or Thrift (zipkin-api, thrift/zipkinCore.thrift). */
export interface ZipkinV1Span {
  readonly traceId: WideId;
  readonly spanId: bigint;
  readonly parentSpanId: bigint;
  readonly name: string;
  /** Unix epoch microseconds; 0 when absent. */
  readonly startMicros: bigint;
  readonly durationMicros: bigint;
  readonly annotations: readonly V1Annotation[];
  readonly binaryAnnotations: readonly V1BinaryAnnotation[];
  readonly isDebug: boolean;
}

export interface V1Annotation extends ZipkinAnnotation {
  readonly host: ZipkinEndpoint | undefined;
}

export interface V1BinaryAnnotation {
  readonly key: string;
  readonly value: AnyValue;
  readonly host: ZipkinEndpoint | undefined;
}

/** Client or server, send or receive: these annotations say a span's kind, and are not events. */
const CORE: ReadonlyMap<string, number> = new Map([
  ["cs", CLIENT],
  ["cr", CLIENT],
  ["ss", SERVER],
  ["sr", SERVER],
  ["ms", PRODUCER],
  ["mr", CONSUMER],
]);

/** Client, server and message address: true, at the other end of the call. */
const ADDRESSES: ReadonlySet<string> = new Set(["ca", "sa", "ma"]);

const LOCAL_COMPONENT = "lc";

/** The span in the shape of version 2, as the Collector reads it (pkg/translator/zipkin/zipkinv1/json.go). */
export function modernSpan(span: ZipkinV1Span): ZipkinSpan {
  const { traceId, spanId, parentSpanId, name, isDebug } = span;
  const annotations = span.annotations.filter((annotation) => annotation.value !== "");
  const addresses = span.binaryAnnotations.filter(isAddress);
  const others = span.binaryAnnotations.filter((own) => !isAddress(own));
  return {
    ...{ traceId, spanId, parentSpanId, name, isDebug, ...times(span, annotations) },
    kind: annotations.map(({ value }) => CORE.get(value) ?? 0).find((kind) => kind !== 0) ?? 0,
    local: localEndpoint(annotations, others),
    remote: addresses[0]?.host,
    annotations: annotations.filter(({ value }) => !CORE.has(value)),
    tags: others.map(tagOf),
  };
}

const isAddress = ({ key, value, host }: V1BinaryAnnotation): boolean =>
  ADDRESSES.has(key) && value.type === "bool" && host !== undefined;

const tagOf = ({ key, value }: V1BinaryAnnotation): Attribute => ({
  key: key === LOCAL_COMPONENT ? "component" : key,
  value,
});

/** A span that says no times lasted from its first annotation to its last. */
function times(span: ZipkinV1Span, annotations: readonly V1Annotation[]) {
  let first = span.startMicros;
  let last = 0n;
  for (const { micros } of annotations) {
    if (span.startMicros === 0n && (first === 0n || micros < first)) first = micros;
    if (micros > last) last = micros;
  }
  const lasted = last > first && first > 0n ? last - first : 0n;
  return { startMicros: first, durationMicros: span.durationMicros === 0n ? lasted : span.durationMicros };
}

/** Where the span was recorded: the host of what says its kind, else of anything else it says; else a component's name. */
function localEndpoint(
  annotations: readonly V1Annotation[],
  binaryAnnotations: readonly V1BinaryAnnotation[],
): ZipkinEndpoint | undefined {
  const core = annotations.filter(({ value }) => CORE.has(value));
  for (const { host } of [...core, ...annotations, ...binaryAnnotations])
    if (host !== undefined && host.serviceName !== "") return host;
  const component = binaryAnnotations.find(({ key }) => key === LOCAL_COMPONENT)?.value;
  const serviceName = component?.type === "string" ? component.value : "";
  return serviceName === "" ? undefined : { serviceName, ipv4: "", ipv6: "", port: 0 };
}
