import { readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";

/** Messages of a vendored .proto file that imports nothing for them, read by protobufjs as it stands; names as they are written. */
export const vendored = (path: string): protobuf.Root =>
  protobuf.parse(readFileSync(join(import.meta.dirname, "../../proto", path), "utf8"), { keepCase: true }).root;
