import { invalid } from "../model/errors.ts";
import type { Writer } from "./write.ts";

/** A JSON message on its way to protobuf, and where in it we are. */
export interface JsonOut {
  readonly writer: Writer;
  /** Names and indexes from the root, for faults. */
  readonly path: (string | number)[];
  /** How deep an attribute value nests. */
  depth: number;
}

/** Writes one field; the value is neither null nor undefined. */
export type WriteField = (out: JsonOut, value: unknown) => void;

/** Fields of a message by the names that JSON may give them. */
export type Message = ReadonlyMap<string, WriteField>;

/** Proto3 JSON: parsers accept the lowerCamelCase name as well as the one in the .proto file. */
export function message(fields: Readonly<Record<string, WriteField>>): Message {
  const byName = new Map<string, WriteField>();
  for (const [name, write] of Object.entries(fields)) {
    byName.set(name, write);
    byName.set(
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      write,
    );
  }
  return byName;
}

export function writeMessage(out: JsonOut, value: unknown, fields: Message): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unexpected(out, value, "an object");
  const members = value as Readonly<Record<string, unknown>>;
  // Half the time of Object.entries; what JSON.parse makes inherits nothing that a loop would find.
  for (const name in members) {
    const own = members[name];
    const write = fields.get(name);
    // Unknown fields are ignored, so that newer senders are understood; null is the same as absent.
    if (write === undefined || own === null) continue;
    out.path.push(name);
    write(out, own);
    out.path.pop();
  }
}

export const child =
  (field: number, fields: () => Message): WriteField =>
  (out, value) => {
    const start = out.writer.begin(field);
    writeMessage(out, value, fields());
    out.writer.end(start);
  };

export const repeated =
  (write: WriteField): WriteField =>
  (out, value) => {
    if (!Array.isArray(value)) throw unexpected(out, value, "an array");
    for (let i = 0; i < value.length; i++) {
      out.path.push(i);
      write(out, value[i]);
      out.path.pop();
    }
  };

export const text =
  (field: number): WriteField =>
  (out, value) => {
    if (typeof value !== "string") throw unexpected(out, value, "a string");
    out.writer.text(field, value);
  };

export const bool =
  (field: number): WriteField =>
  (out, value) => {
    if (typeof value !== "boolean") throw unexpected(out, value, "true or false");
    out.writer.bool(field, value);
  };

export const uint32 =
  (field: number): WriteField =>
  (out, value) =>
    out.writer.uint32(field, Number(integer(out, value, UINT32)));

export const fixed32 =
  (field: number): WriteField =>
  (out, value) =>
    out.writer.fixed32(field, Number(integer(out, value, UINT32)));

export const int64 =
  (field: number): WriteField =>
  (out, value) =>
    out.writer.int64(field, integer(out, value, INT64));

export const fixed64 =
  (field: number): WriteField =>
  (out, value) =>
    out.writer.fixed64(field, integer(out, value, UINT64));

/** By number, as OTLP writes them, or by name, as proto3 JSON does. Numbers that OTLP does not know are kept. */
export const enumeration =
  (field: number, prefix: string, names: readonly string[]): WriteField =>
  (out, value) => {
    if (typeof value === "string") {
      const index = names.indexOf(value.startsWith(prefix) ? value.slice(prefix.length) : "");
      if (index === -1) throw unexpected(out, value, `a number, or one of ${names.map((n) => prefix + n).join(", ")}`);
      out.writer.uint32(field, index);
    } else out.writer.int64(field, integer(out, value, INT32));
  };

export const double =
  (field: number): WriteField =>
  (out, value) => {
    out.writer.double(field, floating(out, value));
  };

/** Ids are hex in OTLP's JSON, not base64 (OTLP specification, "JSON Protobuf Encoding"). */
export const hex =
  (field: number, bytes: number): WriteField =>
  (out, value) => {
    // An id of another length is the scanner's to judge: it costs one span, as it does in a protobuf body.
    if (typeof value !== "string" || value.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(value))
      throw unexpected(out, value, `${bytes * 2} hex digits`);
    out.writer.bytes(field, Buffer.from(value, "hex"));
  };

export const base64 =
  (field: number): WriteField =>
  (out, value) => {
    if (typeof value !== "string" || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw unexpected(out, value, "base64");
    out.writer.bytes(field, Buffer.from(value, "base64"));
  };

interface Range {
  readonly min: bigint;
  readonly max: bigint;
  readonly name: string;
}

const UINT32: Range = { min: 0n, max: 2n ** 32n - 1n, name: "an integer from 0 to 2^32 - 1" };
const INT32: Range = { min: -(2n ** 31n), max: 2n ** 31n - 1n, name: "an integer of 32 bits" };
const UINT64: Range = { min: 0n, max: 2n ** 64n - 1n, name: "an integer from 0 to 2^64 - 1" };
const INT64: Range = { min: -(2n ** 63n), max: 2n ** 63n - 1n, name: "an integer of 64 bits" };

/** A number, or decimal digits as a string; a bigint where the text had more digits than a number holds. */
function integer(out: JsonOut, value: unknown, range: Range): bigint {
  let whole: bigint | undefined;
  if (typeof value === "bigint") whole = value;
  else if (typeof value === "string" && /^-?[0-9]{1,20}$/.test(value)) whole = BigInt(value);
  else if (typeof value === "number" && Number.isInteger(value)) whole = BigInt(value);
  if (whole === undefined || whole < range.min || whole > range.max) throw unexpected(out, value, range.name);
  return whole;
}

const NAMED_DOUBLES = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function floating(out: JsonOut, value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string") {
    const named = NAMED_DOUBLES.get(value);
    if (named !== undefined) return named;
    if (/^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/.test(value)) return Number(value);
  }
  throw unexpected(out, value, "a number");
}

/** Characters of a value that a fault repeats. */
const MAX_TOLD = 100;

export const unexpected = (out: Pick<JsonOut, "path">, value: unknown, expected: string): Error =>
  invalid(`${pathText(out.path)}: ${told(value)}: expected ${expected}`);

/** Objects are not shown: they may be large, and nest deeper than a serializer can go. */
function told(value: unknown): string {
  if (Array.isArray(value)) return "[…]";
  if (typeof value === "object" && value !== null) return "{…}";
  const json = typeof value === "string" ? JSON.stringify(value) : String(value);
  return json.length > MAX_TOLD ? `${json.slice(0, MAX_TOLD)}…` : json;
}

function pathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const step of path) text += typeof step === "number" ? `[${step}]` : `${text === "" ? "" : "."}${step}`;
  return text === "" ? "body" : text;
}
