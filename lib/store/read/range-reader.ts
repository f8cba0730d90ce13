import { MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import type { Item, ItemQuery } from "../items.ts";
import type { Budget } from "./cost.ts";
import type { Hours } from "./window.ts";

/** Hands over all items of a range; returns how many answers of the table, one after the other, it took. */
export type RangeReader = (
  query: Omit<ItemQuery, "after" | "consistent">,
  spent: Budget,
  take: (item: Item) => void,
) => Promise<number>;

export const rangeReader =
  (batches: Batches): RangeReader =>
  async (query, spent, take) => {
    let pages = 0;
    spent.claim(1);
    for await (const items of batches.queryAll({ ...query, consistent: false })) {
      if (pages++ > 0) spent.claim(1);
      for (const item of items) {
        spent.took(item.body.length);
        take(item);
      }
    }
    return Math.max(1, pages);
  };

/** The hour before this one, whose last spans are still being written. */
export const firstUnderWay = (nowMillis: number): number => Math.floor(nowMillis / MILLIS_PER_HOUR) - 1;

/** This hour, or the one before. */
export const isUnderWay = (hour: number, nowMillis: number): boolean =>
  hour >= firstUnderWay(nowMillis) && hour * MILLIS_PER_HOUR <= nowMillis;

/** An hour that ended long ago changes only by what comes late. */
export const isSettled = (hour: number, nowMillis: number): boolean => hour < expectedHours(nowMillis).first;

/** Hours that spans are expected for: this one and some before. */
export function expectedHours(nowMillis: number): Hours {
  const last = Math.floor(nowMillis / MILLIS_PER_HOUR);
  return { first: last - SETTLED_HOURS, last };
}

const SETTLED_HOURS = 3;
