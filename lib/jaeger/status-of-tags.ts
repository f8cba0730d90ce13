import type { AnyValue, Attribute } from "../model/attributes.ts";
import { lastOf, remove, takeText, textOf } from "./special-tags.ts";

const OK = 1;
const ERROR = 2;

const CLIENT = 3;
const SERVER = 2;

export interface Status {
  readonly code: number;
  readonly message: string;
}

const UNSET: Status = { code: 0, message: "" };

/**
 * The status that a span's tags tell, and takes those tags out that come back from it (opentelemetry-collector-contrib,
 * pkg/translator/jaeger): `error` = true decides, then `otel.status_code`, then the answer of an HTTP call.
 *
 * @param kind OTLP's SpanKind
 */
export function takeStatus(tags: Attribute[], kind: number): Status {
  const error = lastOf(tags, "error");
  const stated = textOf(tags, "otel.status_code")?.toUpperCase();
  const code = stated === "OK" ? OK : stated === "ERROR" ? ERROR : 0;
  if (error?.type === "bool" && error.value) {
    remove(tags, "error");
    if (code !== 0) remove(tags, "otel.status_code");
    const message = takeText(tags, "otel.status_description");
    return { code: ERROR, message: message === "" ? (textOf(tags, "http.status_message") ?? "") : message };
  }
  if (code !== 0) {
    remove(tags, "otel.status_code");
    return { code, message: takeText(tags, "otel.status_description") };
  }
  if (lastOf(tags, "otel.status_code") === undefined && isHttpError(lastOf(tags, "http.status_code"), kind))
    return { code: ERROR, message: textOf(tags, "http.status_message") ?? "" };
  return UNSET;
}

/** A server that answers 4xx has done its work; to the client that asked it is an error. */
function isHttpError(value: AnyValue | undefined, kind: number): boolean {
  const code = wholeNumber(value);
  if (code === undefined) return false;
  if (code >= 400 && code < 500 && (kind === SERVER || kind === CLIENT)) return kind === CLIENT;
  return code < 100 || code >= 400;
}

function wholeNumber(value: AnyValue | undefined): number | undefined {
  if (value?.type === "int") return Number(value.value);
  if (value?.type === "string" && /^[-+]?[0-9]{1,18}$/.test(value.value)) return Number(value.value);
  return undefined;
}
