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

/** Pairs of digits are counted from the decimal point, zeros at the end are not. */
function numberBytes(value: number): number {
  const digits = String(value);
  const significant = digits.replace(/0+$/, "").length;
  const isAcross = significant % 2 === 0 && digits.length % 2 === 1 && significant > 0;
  return Math.ceil(significant / 2) + 1 + (isAcross ? 1 : 0);
}

/** Write request units. */
export const writeUnits = (item: Item): number => Math.ceil(itemBytes(item) / BYTES_PER_WRITE_UNIT);
