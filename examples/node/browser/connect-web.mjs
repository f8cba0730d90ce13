import { fromBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";

/** OTLP over gRPC-web by Connect; `TraceService` is what buf generates from opentelemetry-proto. */
export function connectExporter(url, TraceService) {
  const client = createClient(TraceService, createGrpcWebTransport({ baseUrl: url }));
  return {
    export: (spans, done) =>
      client
        .export(fromBinary(TraceService.method.export.input, ProtobufTraceSerializer.serializeRequest(spans)))
        .then(() => done({ code: 0 }))
        .catch((error) => done({ code: 1, error })),
    shutdown: async () => undefined,
  };
}
