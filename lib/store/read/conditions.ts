import { KINDS, STATUSES } from "../../model/span.ts";
import type { Tag } from "../../model/trace-query.ts";

/** One way in which a span can satisfy a tag. */
export type Reading =
  /** An attribute of the span, its resource, scope, events or links. */
  | { readonly of: "attribute"; readonly key: string; readonly value: string }
  | { readonly of: "resource"; readonly key: string; readonly value: string }
  /** OTLP's status codes, any of them. */
  | { readonly of: "status"; readonly codes: readonly number[] }
  | { readonly of: "kind"; readonly kind: number }
  | { readonly of: "scopeName" | "scopeVersion" | "eventName"; readonly value: string };

/**
 * Everything that a tag may mean: a span matches when one of these holds. Beside the literal attribute these are the keys
 * that Jaeger's storages treat specially (jaeger-wire 3.3), and the tags that Jaeger's own format makes of OTLP's fields
 * (jaeger-wire 1.7), which a client of that format sees and so searches for.
 */
export function readings(tag: Tag): readonly Reading[] {
  const special = specialReading(tag);
  const literal: Reading = { of: "attribute", key: tag.key, value: tag.value };
  return special === undefined ? [literal] : [special, literal];
}

function specialReading({ key, value }: Tag): Reading | undefined {
  switch (key) {
    case "error": {
      const isError = goBool(value);
      return isError === undefined ? undefined : { of: "status", codes: isError ? [ERROR] : [UNSET, OK] };
    }
    case "span.status":
      return { of: "status", codes: [placeOf(STATUSES, value)] };
    case "span.kind":
      return { of: "kind", kind: placeOf(KINDS, value) };
    case "otel.status_code":
      return value === "OK" || value === "ERROR" ? { of: "status", codes: [value === "OK" ? OK : ERROR] } : undefined;
    case "scope.name":
    case "otel.scope.name":
      return { of: "scopeName", value };
    case "scope.version":
    case "otel.scope.version":
      return { of: "scopeVersion", value };
    case "event":
      return value === "" ? undefined : { of: "eventName", value };
    default:
      return key.startsWith(RESOURCE) ? { of: "resource", key: key.slice(RESOURCE.length), value } : undefined;
  }
}

const RESOURCE = "resource.";
const UNSET = 0;
const OK = 1;
const ERROR = 2;

/** Go's strconv.ParseBool. */
function goBool(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : undefined;
}

/** In whatever case; a name that is not there means the first. */
const placeOf = (names: readonly string[], name: string): number => Math.max(0, names.indexOf(name.toLowerCase()));
