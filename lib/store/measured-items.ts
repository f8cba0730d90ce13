import type { Measure } from "../runtime/metrics.ts";
import { writeUnits } from "./item-bytes.ts";
import type { Item, Items, Registers } from "./items.ts";

/** The table, with what each write is billed counted. */
export function measuredWrites(items: Items & Registers, measure: Measure<"skua_write_units">): Items & Registers {
  const count = (written: readonly Item[]): void =>
    measure(
      "skua_write_units",
      written.reduce((sum, item) => sum + writeUnits(item), 0),
    );
  return {
    ...items,
    async put(asked) {
      const left = await items.put(asked);
      const names = new Set(left.map(nameOf));
      count(names.size === 0 ? asked : asked.filter((item) => !names.has(nameOf(item))));
      return left;
    },
    async save(key, register) {
      const isSaved = await items.save(key, register);
      // One whose condition fails is billed as well.
      count([{ ...key, ...register }]);
      return isSaved;
    },
  };
}

const nameOf = ({ pk, sk }: Item): string => `${pk} ${Buffer.from(sk).toString("hex")}`;

/** The table, with the bytes of what is read counted. */
export function measuredReads(items: Items, measure: Measure<"skua_query_read_bytes">): Items {
  const count = (read: readonly Item[]): void =>
    measure(
      "skua_query_read_bytes",
      read.reduce((sum, { body }) => sum + body.length, 0),
    );
  return {
    ...items,
    async get(keys, consistent) {
      const answer = await items.get(keys, consistent);
      count(answer.items);
      return answer;
    },
    async query(query) {
      const page = await items.query(query);
      count(page.items);
      return page;
    },
  };
}
