import type { Item } from "./items.ts";
import { BODY, PARTITION_KEY, SORT_KEY, TTL, VERSION } from "./table.ts";

/** What DynamoDB bills a write in. */
const BYTES_PER_WRITE_UNIT = 1024;

/**
 * An item's size as DynamoDB counts it (Developer Guide, "DynamoDB item sizes and formats"): the names and values of its
 * attributes, text as UTF-8, numbers at a byte per two significant digits and one more.
 */
export function itemBytes(item: Item & { readonly version?: number }): number {
  const keys = PARTITION_KEY.length + Buffer.byteLength(item.pk) + SORT_KEY.length + item.sk.length;
  const version = item.version === undefined ? 0 : VERSION.length + numberBytes(item.version);
  return keys + BODY.length + item.body.length + TTL.length + numberBytes(item.ttl) + version;
}

const numberBytes = (value: number): number => Math.ceil(String(value).replace(/0+$/, "").length / 2) + 1;

/** Write request units. */
export const writeUnits = (item: Item): number => Math.ceil(itemBytes(item) / BYTES_PER_WRITE_UNIT);
