import type { Clock } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import { boundedName } from "../bounded-name.ts";
import type { Item } from "../items.ts";
import { attributesKey, attributesPartition } from "../keys.ts";
import type { AttributeNames } from "../port.ts";
import { byCount, decodeAttributes } from "./item.ts";
import { addSeen, type SeenKeys } from "./seen.ts";

/** Services whose attributes are put together when none is named. */
const MAX_SERVICES = 500;

export function attributeReader(options: { readonly batches: Batches; readonly clock: Clock }): AttributeNames {
  const { batches, clock } = options;

  async function ofAll(tenant: string): Promise<Item[]> {
    const query = { pk: attributesPartition(tenant), limit: MAX_SERVICES, consistent: false };
    const all: Item[] = [];
    for await (const page of batches.queryAll(query)) all.push(...page);
    return all;
  }

  return {
    async attributes(tenant, service) {
      const items =
        service === undefined
          ? await ofAll(tenant)
          : await batches.getAll([attributesKey(tenant, boundedName(service))]);
      const keys: SeenKeys = new Map();
      const nowSeconds = clock() / 1000;
      for (const item of items) if (item.ttl > nowSeconds) addSeen(keys, decodeAttributes(item.body).keys);
      return [...keys]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, { types, levels, values }]) => ({
          key,
          types: [...types].sort(),
          levels: [...levels].sort(),
          values: byCount(values).map(([text]) => text),
        }));
    },
  };
}
