import { LRUCache } from "lru-cache";
import { MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Batches } from "../batches.ts";
import { boundedName } from "../bounded-name.ts";
import type { Item } from "../items.ts";
import { attributesKey, nameTtl } from "../keys.ts";
import { decodeAttributes, encodeAttributes } from "./item.ts";
import { addSeen, MAX_KEYS, type SeenKey, type SeenKeys } from "./seen.ts";

/** What is new of a key that is there already, and keys of a service that makes them up, are written this often at most. */
const NEW_FACT_MILLIS = 60_000;
/**
 * Writings of a service an hour that a new key does not wait for: what brings it may be the last that is ever sent. A service
 * shows all its keys in fewer; one that makes up keys would have an item of up to 64 KiB written with every plan.
 */
const MAX_AT_ONCE = 20;
/** Services whose attributes this process gathers at a time; of one that falls out only what is stored is known. */
const MAX_SERVICES = 2_000;
/** At each writing older values count half. */
const AGE = 2;

/** What this process knows of a service. */
interface Gathered {
  /** Gathered, and not written yet. */
  readonly keys: SeenKeys;
  /** Types and levels of the keys that are stored. */
  readonly stored: Map<string, Set<string>>;
  /** When it was written, milliseconds since the epoch; 0 when this process has not yet. */
  putAt: number;
  /** The hour in which {@link atOnce} were counted. */
  hour: number;
  /** Writings of new keys alone. */
  atOnce: number;
}

export interface AttributeWriter {
  /**
   * Takes what a plan showed of each service, and writes those services that have new keys, or whose names are an hour old.
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
    const known = gathered.get(name) ?? { keys: new Map(), stored: new Map(), putAt: 0, hour: 0, atOnce: 0 };
    addSeen(known.keys, keys);
    gathered.set(name, known);
    return known;
  }

  return {
    async write(tenant, at, seen) {
      const asked = [...seen]
        .map(([name, keys]) => {
          const service = boundedName(name);
          return { service, known: gather(tenant, service, keys) };
        })
        .filter(({ known }) => isDue(known, at));
      if (asked.length === 0) return;
      const items = await batches.getAll(asked.map(({ service }) => attributesKey(tenant, service)));
      const before = new Map(
        items.map((item) => decodeAttributes(item.body)).map(({ service, keys }) => [service, keys]),
      );
      for (const { service, known } of asked) noteStored(known, before.get(service) ?? new Map());
      // Another process may have written what is new to this one.
      const due = asked.filter(({ known }) => isDue(known, at));
      const taken = due.map(({ service, known }) => {
        const isWhole = !isWaiting(known, at);
        const keys: SeenKeys = new Map();
        addSeen(keys, before.get(service) ?? new Map(), isWhole ? AGE : 1);
        // Values of the keys that are there can wait, and nothing ages for the sake of one key.
        addSeen(keys, isWhole ? known.keys : newKeys(known));
        return { service, known, isWhole, keys };
      });
      await batches.putAll(
        taken.map(
          ({ service, keys }): Item => ({
            ...attributesKey(tenant, service),
            body: encodeAttributes(service, keys),
            ttl: nameTtl(at, retentionHours),
          }),
        ),
      );
      for (const { known, isWhole, keys } of taken) notePut(known, keys, isWhole, at);
    },
  };
}

function isDue(known: Gathered, at: number): boolean {
  const { keys, stored, putAt, hour, atOnce } = known;
  if (at - putAt >= MILLIS_PER_HOUR) return true;
  // Beyond that no key can be added.
  if (stored.size < MAX_KEYS && newKeys(known).size > 0)
    return !isWaiting(known, at) || hour !== hourOf(at) || atOnce < MAX_AT_ONCE;
  return !isWaiting(known, at) && [...keys].some(([key, seen]) => hasNewFacts(seen, stored.get(key)));
}

const isWaiting = ({ putAt }: Gathered, at: number): boolean => at - putAt < NEW_FACT_MILLIS;

const newKeys = ({ keys, stored }: Gathered): SeenKeys => new Map([...keys].filter(([key]) => !stored.has(key)));

const hasNewFacts = (seen: SeenKey, stored: ReadonlySet<string> | undefined): boolean =>
  stored !== undefined && factsOf(seen).some((fact) => !stored.has(fact));

const hourOf = (at: number): number => Math.floor(at / MILLIS_PER_HOUR);

function noteStored({ stored }: Gathered, keys: SeenKeys): void {
  for (const [key, seen] of keys) {
    const facts = stored.get(key) ?? new Set();
    for (const fact of factsOf(seen)) facts.add(fact);
    stored.set(key, facts);
  }
}

function notePut(known: Gathered, stored: SeenKeys, isWhole: boolean, at: number): void {
  known.putAt = at;
  if (isWhole) known.keys.clear();
  else {
    for (const key of newKeys(known).keys()) known.keys.delete(key);
    known.atOnce = known.hour === hourOf(at) ? known.atOnce + 1 : 1;
    known.hour = hourOf(at);
  }
  noteStored(known, stored);
}

/** What of a key is offered beside its values. No type is called as a level is. */
const factsOf = ({ types, levels }: SeenKey): string[] => [...types, ...levels];
