import type { AnyValue, Attribute } from "../model/attributes.ts";

/** The first tag of that key. Zipkin's tags are a map: a key should not occur twice. */
export const valueOfTag = (tags: readonly Attribute[], key: string): AnyValue | undefined =>
  tags.find((tag) => tag.key === key)?.value;

export function removeTag(tags: Attribute[], key: string): void {
  const index = tags.findIndex((tag) => tag.key === key);
  if (index !== -1) tags.splice(index, 1);
}

/** Text that OTLP has a place of its own for: it leaves the tags. */
export function takeTag(tags: Attribute[], key: string): string {
  const value = valueOfTag(tags, key);
  if (value?.type !== "string" || value.value === "") return "";
  removeTag(tags, key);
  return value.value;
}

export const textTag = (key: string, value: string): Attribute => ({ key, value: { type: "string", value } });
