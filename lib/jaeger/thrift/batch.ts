import { TracesOut } from "../../otlp/traces-out.ts";
import { readArgument, type ThriftProtocol, thriftCall, thriftReader } from "../../thrift/call.ts";
import type { ThriftReader } from "../../thrift/reader.ts";
import { checkRequired, type Required } from "../../thrift/required.ts";
import { BINARY, field, LIST, STRUCT } from "../../thrift/types.ts";
import type { JaegerProcess } from "../incoming.ts";
import { resourceAttributes, writeJaegerSpan } from "../to-otlp.ts";
import { readSpan } from "./read-span.ts";
import { readTags } from "./read-tag.ts";

const BATCH: Required = { struct: "Batch", names: [undefined, "process", "spans"] };
const PROCESS: Required = { struct: "Process", names: [undefined, "serviceName"] };

/**
 * TracesData bytes of a bare Batch struct, as clients post it to `/api/traces` (jaeger-idl, thrift/jaeger.thrift); empty
 * when it has no spans. Throws invalid_argument, with the offset, on what is not a Batch.
 */
export const jaegerBatchToOtlp = (bytes: Uint8Array, protocol: ThriftProtocol): Uint8Array<ArrayBuffer> =>
  readBatch(thriftReader(bytes, protocol));

/** The same of a datagram: a call of the agent's `emitBatch`, whose one argument is the Batch (thrift/agent.thrift). */
export const jaegerEmitBatchToOtlp = (datagram: Uint8Array, protocol: ThriftProtocol): Uint8Array<ArrayBuffer> =>
  readArgument(thriftCall(datagram, protocol), "emitBatch", STRUCT, readBatch);

function readBatch(reader: ThriftReader): Uint8Array<ArrayBuffer> {
  const out = new TracesOut();
  const resource = out.resource("");
  let seen = 0;
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    switch (tag) {
      case field(1, STRUCT):
        resource.attributes = resourceAttributes(readProcess(reader));
        break;
      case field(2, LIST):
        for (let left = reader.structs(); left > 0; left--) writeJaegerSpan(resource, readSpan(reader));
        break;
      default:
        reader.skip(tag & 0xff);
        continue;
    }
    seen |= 1 << (tag >>> 8);
  }
  reader.endStruct();
  checkRequired(reader, BATCH, seen);
  return out.finish();
}

function readProcess(reader: ThriftReader): JaegerProcess {
  const start = reader.pos;
  let serviceName = "";
  let tags: JaegerProcess["tags"] = [];
  let seen = 0;
  reader.parts.begin();
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    switch (tag) {
      case field(1, BINARY):
        serviceName = reader.text();
        seen |= 1 << 1;
        break;
      case field(2, LIST):
        tags = readTags(reader, start);
        break;
      default:
        reader.skip(tag & 0xff);
    }
  }
  reader.endStruct();
  checkRequired(reader, PROCESS, seen);
  return { serviceName, tags };
}
