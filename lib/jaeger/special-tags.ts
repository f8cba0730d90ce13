import type { AnyValue, Attribute } from "../model/attributes.ts";

/** Where a key occurs twice the last one counts, as in a map that is filled in order; the others stay tags. */
const lastIndex = (tags: readonly Attribute[], key: string): number => tags.findLastIndex((tag) => tag.key === key);

export const lastOf = (tags: readonly Attribute[], key: string): AnyValue | undefined =>
  tags[lastIndex(tags, key)]?.value;

/** Text of a key; undefined when there is none, or it has another type. */
export function textOf(tags: readonly Attribute[], key: string): string | undefined {
  const value = lastOf(tags, key);
  return value?.type === "string" ? value.value : undefined;
}

export function remove(tags: Attribute[], key: string): void {
  const index = lastIndex(tags, key);
  if (index !== -1) tags.splice(index, 1);
}

/** Text that OTLP has a place of its own for: it leaves the tags. Empty text has none there, and stays a tag. */
export function takeText(tags: Attribute[], key: string): string {
  const text = textOf(tags, key) ?? "";
  if (text !== "") remove(tags, key);
  return text;
}
