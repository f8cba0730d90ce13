import { readFileSync } from "node:fs";
import { Int64, type Protocol, TBinaryProtocol, TBufferedTransport, TCompactProtocol } from "thrift";

/** A struct as data: fields by their names in the IDL; i64 are bigints, enums numbers, binary bytes. */
type Struct = { readonly [field: string]: unknown };
export type Encoding = "binary" | "binary, not strict" | "compact";

interface Field {
  readonly id: number;
  readonly type: string;
  readonly name: string;
}

const NUMBERS: Readonly<Record<string, number>> = {
  bool: 2,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  binary: 11,
  struct: 12,
  list: 15,
};

const structs = new Map<string, Field[]>();
const enums = new Set<string>();
for (const file of ["jaeger", "zipkincore"]) {
  const text = readFileSync(new URL(`../data/thrift/${file}.thrift`, import.meta.url), "utf8")
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/(#|\/\/).*$/gm, "");
  for (const [, name = ""] of text.matchAll(/enum\s+(\w+)/g)) enums.add(`${file}.${name}`);
  for (const [, name = "", body = ""] of text.matchAll(/struct\s+(\w+)\s*\{([^}]*)\}/g)) {
    const fields = body.matchAll(/(\d+)\s*:\s*(?:required\s+|optional\s+)?([\w<>.]+)\s+(\w+)/g);
    structs.set(
      `${file}.${name}`,
      [...fields].map(([, id, type = "", field = ""]) => ({ id: Number(id), type: qualify(file, type), name: field })),
    );
  }
}

/** Names of the same file get its name before them. */
function qualify(file: string, type: string): string {
  const element = /^list<(.*)>$/.exec(type)?.[1];
  if (element !== undefined) return `list<${qualify(file, element)}>`;
  return NUMBERS[type] === undefined && !type.includes(".") ? `${file}.${type}` : type;
}

/** A struct of the IDL files in test/data/thrift, bare, as Apache Thrift's own library writes it. */
export const thriftBytes = (encoding: Encoding, type: string, value: unknown): Buffer =>
  written(encoding, (out) => write(out, type, value));

/** A one-way call with one argument. */
export const thriftCallBytes = (encoding: Encoding, method: string, type: string, argument: unknown): Buffer =>
  written(encoding, (out) => {
    out.writeMessageBegin(method, 4, 7);
    out.writeStructBegin(`${method}_args`);
    out.writeFieldBegin("argument", typeNumber(type), 1);
    write(out, type, argument);
    out.writeFieldEnd();
    out.writeFieldStop();
    out.writeStructEnd();
    out.writeMessageEnd();
  });

function written(encoding: Encoding, write: (out: Protocol) => void): Buffer {
  const pieces: Buffer[] = [];
  const transport = new TBufferedTransport(undefined, (bytes) => pieces.push(bytes));
  const out =
    encoding === "compact"
      ? new TCompactProtocol(transport)
      : new TBinaryProtocol(transport, false, encoding === "binary");
  write(out);
  transport.flush();
  return Buffer.concat(pieces);
}

function typeNumber(type: string): number {
  if (type.startsWith("list<")) return 15;
  return NUMBERS[type] ?? (enums.has(type) ? 8 : 12);
}

function write(out: Protocol, type: string, value: unknown): void {
  const element = /^list<(.*)>$/.exec(type)?.[1];
  if (element !== undefined && Array.isArray(value)) {
    out.writeListBegin(typeNumber(element), value.length);
    for (const own of value) write(out, element, own);
    out.writeListEnd();
  } else if (typeof value === "bigint") {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(BigInt.asIntN(64, value));
    out.writeI64(new Int64(bytes));
  } else if (typeof value === "boolean") out.writeBool(value);
  else if (typeof value === "string") out.writeString(value);
  else if (value instanceof Uint8Array) out.writeBinary(Buffer.from(value));
  else if (type === "double") out.writeDouble(Number(value));
  else if (type === "i16") out.writeI16(Number(value));
  else if (typeof value === "number") out.writeI32(value);
  else writeStruct(out, type, Object(value));
}

function writeStruct(out: Protocol, type: string, value: Struct): void {
  const fields = structs.get(type);
  if (fields === undefined) throw new Error(`${type} is not in the IDL`);
  out.writeStructBegin(type);
  for (const field of fields) {
    const own = value[field.name];
    if (own === undefined) continue;
    out.writeFieldBegin(field.name, typeNumber(field.type), field.id);
    write(out, field.type, own);
    out.writeFieldEnd();
  }
  out.writeFieldStop();
  out.writeStructEnd();
}
