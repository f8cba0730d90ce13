import { readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor.js";

/** What server reflection says of a .proto file. */
export interface Described {
  /** As other files import it. */
  readonly name: string;
  readonly dependencies: readonly string[];
  /** Full names of its messages, enums, services and methods. */
  readonly symbols: readonly string[];
  /** google.protobuf.FileDescriptorProto. */
  readonly bytes: Uint8Array;
}

/** Values of google.protobuf.FieldDescriptorProto.Type. */
const SCALARS: Readonly<Record<string, number>> = {
  ...{ double: 1, float: 2, int64: 3, uint64: 4, int32: 5, fixed64: 6, fixed32: 7, bool: 8, string: 9 },
  ...{ bytes: 12, uint32: 13, sfixed32: 15, sfixed64: 16, sint32: 17, sint64: 18 },
};
const MESSAGE = 11;
const ENUM = 14;
const [OPTIONAL, REPEATED] = [1, 3];

/** Google's own types, which come with protobufjs. */
const COMMON = ["google/protobuf/duration.proto", "google/protobuf/timestamp.proto"];

interface Parsed {
  readonly name: string;
  readonly packageName: string;
  readonly types: readonly protobuf.ReflectionObject[];
}

/**
 * Describes files under `folder` and what they use of Google's, as protoc would but for options: those say how code is
 * generated in other languages and which URLs a gateway answers, nothing about the wire.
 */
export function describe(folder: string, files: readonly string[]): Described[] {
  const root = new protobuf.Root();
  const parsed = [...COMMON.map((name) => common(root, name)), ...files.map((name) => parse(root, folder, name))];
  root.resolveAll();
  const fileOf = new Map(parsed.flatMap(({ name, types }) => types.map((type) => [type, name] as const)));
  return parsed.map((file) => describeFile(file, fileOf));
}

function common(root: protobuf.Root, name: string): Parsed {
  const { nested } = protobuf.common.get(name) ?? {};
  if (nested === undefined) throw new Error(`${name} does not come with protobufjs`);
  root.addJSON(nested);
  return { name, packageName: "google.protobuf", types: typesOf(JSON.parse(JSON.stringify(nested)), root) };
}

const typesOf = (
  nested: { readonly google: { readonly nested: { readonly protobuf: { readonly nested: object } } } },
  root: protobuf.Root,
): protobuf.ReflectionObject[] =>
  Object.keys(nested.google.nested.protobuf.nested).map((type) => root.lookupTypeOrEnum(`google.protobuf.${type}`));

function parse(root: protobuf.Root, folder: string, name: string): Parsed {
  const own = protobuf.parse(readFileSync(join(folder, name), "utf8"), new protobuf.Root(), { keepCase: true });
  const packageName = own.package ?? "";
  const types = own.root.lookup(packageName);
  if (!(types instanceof protobuf.Namespace)) throw new Error(`${name}: nothing stands in package ${packageName}`);
  const declared = types.nestedArray.filter((one) => !(one instanceof protobuf.Field));
  const namespace = root.define(packageName);
  for (const one of declared) {
    types.remove(one);
    namespace.add(one);
  }
  return { name, packageName, types: declared };
}

function describeFile(
  { name, packageName, types }: Parsed,
  fileOf: ReadonlyMap<protobuf.ReflectionObject, string>,
): Described {
  const used = new Set<protobuf.ReflectionObject>();
  const messages = types.filter((one) => one instanceof protobuf.Type);
  const enums = types.filter((one) => one instanceof protobuf.Enum);
  const services = types.filter((one) => one instanceof protobuf.Service);
  const content = {
    name,
    package: packageName,
    messageType: messages.map((one) => message(one, used)),
    enumType: enums.map(enumeration),
    service: services.map((one) => service(one, used)),
    syntax: "proto3",
  };
  const files = new Set([...used].map((one) => fileOf.get(outermost(one)) ?? ""));
  files.delete(name);
  const dependencies = [...files].sort();
  const bytes = descriptor.FileDescriptorProto.encode({ ...content, dependency: dependencies }).finish();
  return { name, dependencies, symbols: types.flatMap(symbolsOf), bytes };
}

/** The message that a nested type stands in, at the top of its file. */
function outermost(type: protobuf.ReflectionObject): protobuf.ReflectionObject {
  return type.parent instanceof protobuf.Type ? outermost(type.parent) : type;
}

const plainName = (type: protobuf.ReflectionObject): string => type.fullName.slice(1);

function symbolsOf(type: protobuf.ReflectionObject): string[] {
  const inner =
    type instanceof protobuf.Service
      ? type.methodsArray.map((method) => `${plainName(type)}.${method.name}`)
      : type instanceof protobuf.Type
        ? type.nestedArray.flatMap(symbolsOf)
        : [];
  return [plainName(type), ...inner];
}

function message(type: protobuf.Type, used: Set<protobuf.ReflectionObject>): object {
  const oneofs = type.oneofsArray;
  const maps = type.fieldsArray.filter((field) => field instanceof protobuf.MapField);
  return {
    name: type.name,
    field: type.fieldsArray.map((one) => field(one, oneofs, used)),
    nestedType: [
      ...type.nestedArray.filter((one) => one instanceof protobuf.Type).map((one) => message(one, used)),
      ...maps.map(mapEntry),
    ],
    enumType: type.nestedArray.filter((one) => one instanceof protobuf.Enum).map(enumeration),
    oneofDecl: oneofs.map(({ name }) => ({ name })),
  };
}

function field(one: protobuf.Field, oneofs: readonly protobuf.OneOf[], used: Set<protobuf.ReflectionObject>): object {
  const { name, id, repeated, resolvedType } = one;
  const shared = { name, number: id, jsonName: jsonName(name) };
  if (resolvedType !== null) used.add(resolvedType);
  if (one instanceof protobuf.MapField) {
    const entry = `${one.parent?.fullName}.${entryName(one)}`;
    return { ...shared, label: REPEATED, type: MESSAGE, typeName: entry };
  }
  return {
    ...shared,
    label: repeated ? REPEATED : OPTIONAL,
    ...typed(one.type, resolvedType),
    ...(one.partOf === null ? {} : { oneofIndex: oneofs.indexOf(one.partOf) }),
  };
}

function typed(name: string, resolved: protobuf.ReflectionObject | null): object {
  if (resolved === null) return { type: SCALARS[name] };
  return { type: resolved instanceof protobuf.Enum ? ENUM : MESSAGE, typeName: resolved.fullName };
}

/** A map is a repeated message of this (protobuf.dev/programming-guides/proto3, "Maps"). */
const mapEntry = (map: protobuf.MapField): object => ({
  name: entryName(map),
  field: [
    { name: "key", number: 1, label: OPTIONAL, jsonName: "key", ...typed(map.keyType, null) },
    { name: "value", number: 2, label: OPTIONAL, jsonName: "value", ...typed(map.type, map.resolvedType) },
  ],
  options: { mapEntry: true },
});

const entryName = ({ name }: protobuf.MapField): string => {
  const camel = jsonName(name);
  return `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Entry`;
};

const jsonName = (name: string): string => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

const enumeration = (one: protobuf.Enum): object => ({
  name: one.name,
  value: Object.entries(one.values).map(([name, number]) => ({ name, number })),
});

const service = (one: protobuf.Service, used: Set<protobuf.ReflectionObject>): object => ({
  name: one.name,
  method: one.methodsArray.map((method) => {
    const { name, resolvedRequestType: request, resolvedResponseType: response } = method;
    if (!(request instanceof protobuf.Type) || !(response instanceof protobuf.Type))
      throw new Error(`${one.fullName}.${name}: its messages are not known`);
    used.add(request).add(response);
    return {
      ...{ name, inputType: request.fullName, outputType: response.fullName },
      ...(method.requestStream ? { clientStreaming: true } : {}),
      ...(method.responseStream ? { serverStreaming: true } : {}),
    };
  }),
});
