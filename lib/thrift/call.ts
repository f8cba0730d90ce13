import { invalid } from "../model/errors.ts";
import { BinaryReader } from "./binary.ts";
import { CompactReader } from "./compact.ts";
import type { ThriftReader } from "./reader.ts";

export type ThriftProtocol = "binary" | "compact";

export const thriftReader = (bytes: Uint8Array, protocol: ThriftProtocol): ThriftReader =>
  protocol === "binary" ? new BinaryReader(bytes) : new CompactReader(bytes);

/** A call whose arguments, a struct, stand at the reader's cursor. */
export interface ThriftCall {
  readonly method: string;
  readonly reader: ThriftReader;
}

const CALL = 1;
const ONE_WAY = 4;
const BINARY_VERSION = 0x8001;
const COMPACT_ID = 0x82;
const COMPACT_VERSION = 1;

/** Method names are a word; a longer one is not a call of ours, and would be repeated in the fault. */
const MAX_METHOD_BYTES = 100;

/** The header of a message that carries a call, as an agent gets them in datagrams. */
export const thriftCall = (bytes: Uint8Array, protocol: ThriftProtocol): ThriftCall =>
  protocol === "binary" ? binaryCall(bytes) : compactCall(bytes);

function binaryCall(bytes: Uint8Array): ThriftCall {
  const reader = new BinaryReader(bytes);
  const first = reader.i32();
  let type: number;
  let method: string;
  if (first < 0) {
    // Strict: version and type in one word. Older writers begin with the length of the method's name.
    if (first >>> 16 !== BINARY_VERSION)
      throw reader.fault(0, `message version 0x${(first >>> 16).toString(16)}: expected 0x8001`);
    type = first & 0xff;
    method = methodName(reader);
  } else {
    reader.pos = 0;
    method = methodName(reader);
    type = reader.i8();
  }
  reader.i32();
  return calling(reader, type, method);
}

function compactCall(bytes: Uint8Array): ThriftCall {
  const reader = new CompactReader(bytes);
  const id = reader.i8() & 0xff;
  if (id !== COMPACT_ID) throw reader.fault(0, `message begins with 0x${id.toString(16)}: expected 0x82`);
  const header = reader.i8() & 0xff;
  if ((header & 0x1f) !== COMPACT_VERSION) throw reader.fault(1, `message version ${header & 0x1f}: expected 1`);
  reader.varint32();
  return calling(reader, header >>> 5, methodName(reader));
}

function methodName(reader: ThriftReader): string {
  const at = reader.pos;
  const name = reader.binary();
  if (name.length > MAX_METHOD_BYTES)
    throw reader.fault(at, `method name of ${name.length} bytes: expected at most ${MAX_METHOD_BYTES}`);
  return Buffer.from(name).toString("utf8");
}

function calling(reader: ThriftReader, type: number, method: string): ThriftCall {
  if (type !== CALL && type !== ONE_WAY) throw reader.fault(0, `message type ${type}: expected a call (1 or 4)`);
  return { method, reader };
}

/** Stands at the one argument of the call; `read` is given its type. Throws when it is another method's call, or has no argument. */
export function readArgument<T>(call: ThriftCall, method: string, type: number, read: (reader: ThriftReader) => T): T {
  if (call.method !== method) throw invalid(`method ${JSON.stringify(call.method)}: expected ${method}`);
  const { reader } = call;
  let argument: { readonly value: T } | undefined;
  reader.beginStruct();
  for (let tag = reader.field(); tag !== 0; tag = reader.field()) {
    if (tag === ((1 << 8) | type) && argument === undefined) argument = { value: read(reader) };
    else reader.skip(tag & 0xff);
  }
  reader.endStruct();
  if (argument === undefined) throw reader.fault(reader.pos, `${method} has no argument`);
  return argument.value;
}
