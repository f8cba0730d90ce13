import type { AnyValue, Attribute } from "../model/attributes.ts";
import { removeTag, takeTag, valueOfTag } from "./tags.ts";

const OK = 1;
const ERROR = 2;

export interface Status {
  readonly code: number;
  readonly message: string;
}

const CODES: ReadonlyMap<string, number> = new Map([
  ["OK", OK],
  ["ERROR", ERROR],
  ["STATUS_CODE_OK", OK],
  ["STATUS_CODE_ERROR", ERROR],
]);

/**
 * The status that tags tell, and takes those out that come back from it (opentelemetry-collector-contrib,
 * pkg/translator/zipkin/zipkinv2): `otel.status_code` in its two spellings; `error` = true is an error whatever that says.
 */
export function takeStatus(tags: Attribute[]): Status {
  const stated = valueOfTag(tags, "otel.status_code");
  const code = (stated?.type === "string" ? CODES.get(stated.value.toUpperCase()) : undefined) ?? 0;
  if (code !== 0) removeTag(tags, "otel.status_code");
  const isError = isTrue(valueOfTag(tags, "error"));
  if (isError) removeTag(tags, "error");
  if (code === 0 && !isError) return { code: 0, message: "" };
  return { code: isError ? ERROR : code, message: takeTag(tags, "otel.status_description") };
}

/**
 * As {@link takeStatus}; where that finds none, what version 1 has besides (zipkinv1/status_code.go): OpenCensus' codes, an
 * `error` in words, which becomes the message, then the answer of an HTTP call.
 */
export function takeStatusV1(tags: Attribute[]): Status {
  const stated = takeStatus(tags);
  if (stated.code !== 0) return stated;
  const census = wholeNumber(valueOfTag(tags, "census.status_code"));
  if (census !== undefined) {
    removeTag(tags, "census.status_code");
    const message = takeTag(tags, "census.status_description");
    const code = census === 0 ? OK : ERROR;
    return { code, message: message === "" ? takeTag(tags, "opencensus.status_description") : message };
  }
  const error = valueOfTag(tags, "error");
  if (error?.type === "string" && error.value.toLowerCase() !== "false") {
    removeTag(tags, "error");
    return { code: ERROR, message: error.value };
  }
  const http = wholeNumber(valueOfTag(tags, "http.status_code"));
  if (http === undefined || (http >= 100 && http < 400)) return stated;
  const message = valueOfTag(tags, "http.status_message");
  return { code: ERROR, message: message?.type === "string" ? message.value : "" };
}

const isTrue = (value: AnyValue | undefined): boolean =>
  (value?.type === "bool" && value.value) || (value?.type === "string" && value.value === "true");

function wholeNumber(value: AnyValue | undefined): number | undefined {
  if (value?.type === "int") return Number(value.value);
  if (value?.type === "string" && /^-?[0-9]{1,15}$/.test(value.value)) return Number(value.value);
  return undefined;
}
