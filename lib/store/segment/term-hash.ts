import { invalid } from "../../model/errors.ts";
import { TRACE_ID_BYTES, type TraceId } from "../../model/ids.ts";
import { hashAside, hashBytes } from "../../otlp/hash.ts";

/** What kind of thing a term says: the seed of its hash, so that equal texts of different kinds differ. */
export const SEEDS = {
  service: 0x5e_0001,
  operation: 0x5e_0002,
  operationName: 0x5e_0003,
  kind: 0x5e_0004,
  status: 0x5e_0005,
  key: 0x5e_0006,
  scopeName: 0x5e_0007,
  scopeVersion: 0x5e_0008,
  trace: 0x5e_0009,
  cut: 0x5e_000a,
} as const;

export function hashText(seed: number, text: string): number {
  const bytes = Buffer.from(text);
  return hashAside(seed, bytes, 0, bytes.length);
}

/** The service as the sanitizers name it (jaeger-wire 3.4). */
export const serviceTerm = (service: string): number => hashText(SEEDS.service, service);

/** One operation of one service. */
export const operationTerm = (service: string, operation: string): number =>
  hashText(hashText(SEEDS.operation, service), operation);

/** An operation of that name, whatever its service. */
export const operationNameTerm = (operation: string): number => hashText(SEEDS.operationName, operation);

/** @param kind 0 to 5, see KINDS */
export const kindTerm = (kind: number): number => hashBytes(SEEDS.kind, Uint8Array.of(kind), 0, 1);

/** @param status 0 to 2, see STATUSES */
export const statusTerm = (status: number): number => hashBytes(SEEDS.status, Uint8Array.of(status), 0, 1);

/** Any attribute of that key. Levels: those of resources and scopes are in a posting's sources, all others in its rows. */
export const keyTerm = (key: string): number => hashText(SEEDS.key, key);

/** An attribute of that key whose value's string rendering is `text`; levels as with {@link keyTerm}. An event's name is its attribute `event`. */
export const tagTerm = (key: string, text: string): number => hashText(keyTerm(key), text);

export const scopeNameTerm = (name: string): number => hashText(SEEDS.scopeName, name);
export const scopeVersionTerm = (version: string): number => hashText(SEEDS.scopeVersion, version);

/** What has too many attributes for all of them to be terms: it may carry any. */
export const CUT_TERM: number = hashText(SEEDS.cut, "");

/** Also the `trace` column of a row. */
export function traceTerm(id: TraceId): number {
  const bytes = Buffer.from(id, "hex");
  if (bytes.length !== TRACE_ID_BYTES) throw invalid(`trace id ${id}: expected ${TRACE_ID_BYTES * 2} hex digits`);
  return hashBytes(SEEDS.trace, bytes, 0, TRACE_ID_BYTES);
}

/** Which of `parts` term parts holds a hash: equal ranges, so that merging can take one range of all inputs at a time. */
export const termPart = (hash: number, parts: number): number => Math.floor((hash / 2 ** 32) * parts);
