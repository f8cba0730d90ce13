/** What has been seen under one attribute key of a service. */
export interface SeenKey {
  /** OTLP's value types. */
  readonly types: Set<string>;
  /** Where it stood: span, event, link, resource, scope. */
  readonly levels: Set<string>;
  /** String renderings, with how often each was seen, as far as {@link noteValue} can tell. */
  readonly values: Map<string, number>;
}

export type SeenKeys = Map<string, SeenKey>;

/** More than a list offers, so that what is frequent stays among what is not. */
const MAX_VALUES = 200;

/** A list that offers keys ends somewhere, and nobody types longer ones. */
export const MAX_KEYS = 1000;
export const MAX_TEXT_LENGTH = 256;

/** Undefined when the service has too many keys already, or the key is too long to be offered. */
export function keyOf(keys: SeenKeys, key: string): SeenKey | undefined {
  const known = keys.get(key);
  if (known !== undefined) return known;
  if (keys.size >= MAX_KEYS || key.length > MAX_TEXT_LENGTH || key === "") return undefined;
  const fresh: SeenKey = { types: new Set(), levels: new Set(), values: new Map() };
  keys.set(key, fresh);
  return fresh;
}

/**
 * Counts a value among the most frequent ones, in bounded room (Misra and Gries, 1982): when there is no room for one more,
 * all lose as many as it, or the rarest, has, and those at zero go. What is more than one in {@link MAX_VALUES} of all stays.
 */
export function noteValue({ values }: SeenKey, text: string, times = 1): void {
  if (text.length > MAX_TEXT_LENGTH) return;
  const count = values.get(text);
  if (count !== undefined || values.size < MAX_VALUES) {
    values.set(text, (count ?? 0) + times);
    return;
  }
  const lost = Math.min(times, ...values.values());
  for (const [value, seen] of values) {
    if (seen === lost) values.delete(value);
    else values.set(value, seen - lost);
  }
  if (times > lost) values.set(text, times - lost);
}

/** Adds what is in `from`, its counts divided by `age`, so that what is no longer sent goes in time. */
export function addSeen(into: SeenKeys, from: SeenKeys, age = 1): void {
  for (const [key, { types, levels, values }] of from) {
    const known = keyOf(into, key);
    if (known === undefined) continue;
    for (const type of types) known.types.add(type);
    for (const level of levels) known.levels.add(level);
    for (const [text, count] of values) noteValue(known, text, Math.ceil(count / age));
  }
}
