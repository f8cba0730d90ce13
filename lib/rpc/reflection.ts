import { BYTES, Wire } from "../otlp/wire.ts";
import { Writer } from "../otlp/write.ts";
import { dialogue, type Method } from "./method.ts";

/** What is told of a .proto file. */
export interface DescribedFile {
  readonly name: string;
  /** Names of other such files. */
  readonly dependencies: readonly string[];
  /** Full names of its messages, enums, services and methods. */
  readonly symbols: readonly string[];
  /** google.protobuf.FileDescriptorProto, as base64. */
  readonly bytes: string;
}

/** Both are alike on the wire; tools of before 2023 ask for the older. */
const SERVICES = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/** Fields of ServerReflectionRequest's oneof. */
const FILE_BY_FILENAME = 3;
const FILE_CONTAINING_SYMBOL = 4;
const ALL_EXTENSION_NUMBERS_OF_TYPE = 6;
const LIST_SERVICES = 7;

interface Request {
  /** As they came: the answer repeats them. */
  readonly bytes: Uint8Array;
  readonly host: string;
  /** Number of the field that says what is asked; 0 when none does. */
  readonly asked: number;
  readonly value: string;
}

/** google.rpc.Code. */
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;

/**
 * gRPC's server reflection (grpc/doc/server-reflection.md): tools learn from it what a server speaks.
 * @param services full names of the others that the server has. @param files descriptions of all of them, and of this one's
 */
export function reflectionMethods(services: readonly string[], files: readonly DescribedFile[]): Method<never>[] {
  const names = [...services, ...SERVICES].sort();
  const byName = new Map(files.map((file) => [file.name, file]));
  const bySymbol = new Map(files.flatMap((file) => file.symbols.map((symbol) => [symbol, file] as const)));
  const reply = (request: Request): Uint8Array => {
    const { asked, value } = request;
    switch (asked) {
      case LIST_SERVICES:
        return answer(request, (writer) => writeServices(writer, names));
      case FILE_BY_FILENAME:
        return answer(request, fileOr(byName.get(value), byName, `file ${value}`));
      case FILE_CONTAINING_SYMBOL:
        return answer(request, fileOr(bySymbol.get(value), byName, `symbol ${value}`));
      case ALL_EXTENSION_NUMBERS_OF_TYPE:
        if (bySymbol.has(value)) return answer(request, (writer) => writeNoExtensions(writer, value));
        return answer(request, fileOr(undefined, byName, `type ${value}`));
      case 0:
        return answer(request, (writer) => writeError(writer, INVALID_ARGUMENT, "the request asks for nothing"));
      default:
        return answer(request, (writer) => writeError(writer, NOT_FOUND, "there are no extensions"));
    }
  };
  const row = {
    ...{ name: "ServerReflectionInfo", scope: undefined, decode: readRequest, handle: reply },
    encode: (bytes: Uint8Array) => bytes,
  };
  return SERVICES.map((service) => dialogue<never, Request, Uint8Array>({ ...row, service }));
}

function readRequest(bytes: Uint8Array): Request {
  const wire = new Wire(bytes);
  let [host, asked, value] = ["", 0, ""];
  while (wire.more()) {
    const tag = wire.tag();
    if ((tag & 7) !== BYTES) {
      wire.skip(tag);
      continue;
    }
    const end = wire.end();
    const content = bytes.subarray(wire.pos, end);
    wire.pos = end;
    const field = tag >>> 3;
    if (field === 1) host = utf8(content);
    else if (field >= FILE_BY_FILENAME && field <= LIST_SERVICES) [asked, value] = [field, utf8(content)];
  }
  return { bytes, host, asked, value };
}

const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

/** ServerReflectionResponse{valid_host 1, original_request 2, …}. */
function answer({ bytes, host }: Request, write: (writer: Writer) => void): Uint8Array {
  const writer = new Writer(1024);
  if (host !== "") writer.text(1, host);
  writer.bytes(2, bytes);
  write(writer);
  return writer.finish();
}

const fileOr =
  (file: DescribedFile | undefined, files: ReadonlyMap<string, DescribedFile>, what: string) =>
  (writer: Writer): void =>
    file === undefined ? writeError(writer, NOT_FOUND, `${what} is not known`) : writeFiles(writer, file, files);

/** file_descriptor_response 4: FileDescriptorResponse{file_descriptor_proto 1, repeated}: the file and all that it imports. */
function writeFiles(writer: Writer, file: DescribedFile, files: ReadonlyMap<string, DescribedFile>): void {
  const needed = new Set([file]);
  // A set takes more while it is walked.
  for (const { dependencies } of needed)
    for (const name of dependencies) {
      const dependency = files.get(name);
      if (dependency !== undefined) needed.add(dependency);
    }
  const start = writer.begin(4);
  for (const { bytes } of needed) writer.bytes(1, Buffer.from(bytes, "base64"));
  writer.end(start);
}

/** all_extension_numbers_response 5: ExtensionNumberResponse{base_type_name 1}. */
function writeNoExtensions(writer: Writer, type: string): void {
  const start = writer.begin(5);
  writer.text(1, type);
  writer.end(start);
}

/** list_services_response 6: ListServiceResponse{service 1, repeated: ServiceResponse{name 1}}. */
function writeServices(writer: Writer, names: readonly string[]): void {
  const list = writer.begin(6);
  for (const name of names) {
    const service = writer.begin(1);
    writer.text(1, name);
    writer.end(service);
  }
  writer.end(list);
}

/** error_response 7: ErrorResponse{error_code 1, error_message 2}. */
function writeError(writer: Writer, code: number, message: string): void {
  const start = writer.begin(7);
  writer.uint32(1, code);
  writer.text(2, message);
  writer.end(start);
}
