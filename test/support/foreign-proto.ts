import { join } from "node:path";
import protobuf from "protobufjs";

const root = join(import.meta.dirname, "../..");

/** Messages of a vendored .proto file, read by protobufjs as it stands. */
function definitions(path: string): protobuf.Root {
  const known = new protobuf.Root();
  const beside = known.resolvePath.bind(known);
  known.resolvePath = (origin, target) => {
    // protobufjs brings Google's own definitions.
    if (target.startsWith("google/")) return join(root, "node_modules/protobufjs", target);
    return target.startsWith("gogoproto/") ? join(root, "proto", target) : beside(origin, target);
  };
  return known.loadSync(join(root, "proto", path), { keepCase: true });
}

export const postSpansRequest = definitions("jaeger/api_v2/collector.proto").lookupType(
  "jaeger.api_v2.PostSpansRequest",
);
export const listOfSpans = definitions("zipkin/zipkin.proto").lookupType("zipkin.proto3.ListOfSpans");
