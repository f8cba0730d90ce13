import { jaegerPostSpansToOtlp } from "../../lib/jaeger/proto/post-spans.ts";
import { jaegerBatchToOtlp, jaegerEmitBatchToOtlp } from "../../lib/jaeger/thrift/batch.ts";
import { zipkinV1JsonToOtlp } from "../../lib/zipkin/v1-json.ts";
import { zipkinEmitBatchToOtlp, zipkinV1ThriftToOtlp } from "../../lib/zipkin/v1-thrift.ts";
import { zipkinV2JsonToOtlp } from "../../lib/zipkin/v2-json.ts";
import { zipkinV2ProtoToOtlp } from "../../lib/zipkin/v2-proto.ts";

/** Other protocols' bytes to OTLP's. */
export const FOREIGN = {
  "jaeger binary": (body: Uint8Array) => jaegerBatchToOtlp(body, "binary"),
  "jaeger compact": (body: Uint8Array) => jaegerBatchToOtlp(body, "compact"),
  "jaeger datagram, binary": (body: Uint8Array) => jaegerEmitBatchToOtlp(body, "binary"),
  "jaeger datagram, compact": (body: Uint8Array) => jaegerEmitBatchToOtlp(body, "compact"),
  "jaeger protobuf": jaegerPostSpansToOtlp,
  "zipkin v1 json": zipkinV1JsonToOtlp,
  "zipkin v1 thrift": (body: Uint8Array) => zipkinV1ThriftToOtlp(body),
  "zipkin datagram, compact": (body: Uint8Array) => zipkinEmitBatchToOtlp(body, "compact"),
  "zipkin v2 json": zipkinV2JsonToOtlp,
  "zipkin v2 protobuf": zipkinV2ProtoToOtlp,
};

export type ForeignDoor = keyof typeof FOREIGN;

export const FOREIGN_DOORS = Object.keys(FOREIGN).filter((door): door is ForeignDoor => door in FOREIGN);
