import { LRUCache } from "lru-cache";
import { MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import { boundedName } from "../bounded-name.ts";
import type { Item } from "../items.ts";
import { attributesKey, nameTtl } from "../keys.ts";
import { decodeAttributes, encodeAttributes } from "./item.ts";
import { addSeen, type SeenKey, type SeenKeys } from "./seen.ts";

/** A service that makes up keys is written this often at most; all others hourly. */
const NEW_KEY_MILLIS = 60_000;
/** Services whose attributes this process gathers at a time; of one that falls out only what is stored is known. */
const MAX_SERVICES = 2_000;
/** At each writing older values count half. */
const AGE = 2;

/** Gathered since it was last written. */
interface Gathered {
  readonly keys: SeenKeys;
  /** Keys, types and levels that are stored. */
  readonly stored: Set<string>;
  /** Milliseconds since the epoch; 0 when this process has not yet. */
  putAt: number;
}

export interface AttributeWriter {
  /**
   * Takes what a plan showed of each service, and writes those services whose names are an hour old, or that have new keys.
   * @param at when the plan was made, milliseconds since the epoch
   */
  write(tenant: string, at: number, seen: ReadonlyMap<string, SeenKeys>): Promise<void>;
}

export function attributeWriter(options: {
  readonly batches: Batches;
  readonly retentionHours: number;
}): AttributeWriter {
  const { batches, retentionHours } = options;
  const gathered = new LRUCache<string, Gathered>({ max: MAX_SERVICES });

  function gather(tenant: string, service: string, keys: SeenKeys): Gathered {
    const name = `${tenant}\n${service}`;
    const known = gathered.get(name) ?? { keys: new Map(), stored: new Set(), putAt: 0 };
    addSeen(known.keys, keys);
    gathered.set(name, known);
    return known;
  }

  return {
    async write(tenant, at, seen) {
      const due = [...seen]
        .map(([name, keys]) => {
          const service = boundedName(name);
          return { service, known: gather(tenant, service, keys) };
        })
        .filter(({ known }) => isDue(known, at));
      if (due.length === 0) return;
      const before = await batches.getAll(due.map(({ service }) => attributesKey(tenant, service)));
      const stored = new Map(
        before.map((item) => decodeAttributes(item.body)).map(({ service, keys }) => [service, keys]),
      );
      const items = due.map(({ service, known }): Item => {
        const keys: SeenKeys = new Map();
        addSeen(keys, stored.get(service) ?? new Map(), AGE);
        addSeen(keys, known.keys);
        return {
          ...attributesKey(tenant, service),
          body: encodeAttributes(service, keys),
          ttl: nameTtl(at, retentionHours),
        };
      });
      await batches.putAll(items);
      for (const { known } of due) {
        known.putAt = at;
        for (const fact of factsOf(known.keys)) known.stored.add(fact);
        known.keys.clear();
      }
    },
  };
}

function isDue({ keys, stored, putAt }: Gathered, at: number): boolean {
  if (at - putAt >= MILLIS_PER_HOUR) return true;
  return at - putAt >= NEW_KEY_MILLIS && factsOf(keys).some((fact) => !stored.has(fact));
}

/** What of a key must not wait for an hour to be offered. */
const factsOf = (keys: SeenKeys): string[] =>
  [...keys].flatMap(([key, { types, levels }]: [string, SeenKey]) => [
    ...[...types].map((type) => `${type} ${key}`),
    ...[...levels].map((level) => `${level} ${key}`),
  ]);
