import { TracingError } from "../../lib/model/errors.ts";
import type {
  Fence,
  Indexer,
  Plan,
  Quarantine,
  ReaderState,
  ReaderStates,
  StreamRecord,
} from "../../lib/stream/port.ts";
import type { Around, Life } from "./invocations.ts";

const EMPTY: ReaderState = { done: undefined, plan: undefined, lastAt: 0, closed: -1, version: 0 };

/** The items `K`, and every plan that was closed in them. */
export class MemoryStates implements ReaderStates {
  readonly items = new Map<string, ReaderState>();
  readonly finished: { readonly shardId: string; readonly plan: Plan }[] = [];
  streamClosed = -1;
  floor = 0;

  async load(shardId: string): Promise<ReaderState> {
    return structuredClone(this.items.get(shardId) ?? EMPTY);
  }

  async save(shardId: string, state: ReaderState): Promise<boolean> {
    const before = this.items.get(shardId) ?? EMPTY;
    if (state.version !== before.version + 1) return false;
    this.items.set(shardId, structuredClone(state));
    if (before.plan !== undefined && state.plan === undefined) this.finished.push({ shardId, plan: before.plan });
    return true;
  }

  async fence(): Promise<Fence> {
    return { closed: this.streamClosed, floor: this.floor };
  }

  /** What rollup does: the stream's own first, then every shard that has an item. */
  async raiseClosed(hour: number): Promise<void> {
    this.streamClosed = hour;
    for (const [shardId, state] of this.items)
      this.items.set(shardId, { ...state, closed: hour, version: state.version + 1 });
  }
}

/** First bytes of a record's data that mean something to {@link memoryIndexer}. */
export const DEADLY = 0xdd;
export const GARBLED = 0xbb;

const textOf = (records: readonly StreamRecord[]): string =>
  records.map(({ sequenceNumber, data }) => `${sequenceNumber}:${Buffer.from(data).toString("hex")}`).join("\n");

/** What a plan's records become: pages, then heads, under keys that follow from the plan. */
export function itemsOf(plan: Plan, shardId: string, records: readonly StreamRecord[]): [key: string, body: string][] {
  const name = `${shardId}/${plan.first}/${plan.last}`;
  return [
    [`page/${name}`, textOf(records)],
    [`head/${name}`, `at ${plan.at}, closed ${plan.closed}, records ${records.length}`],
  ];
}

/** An indexer into a map. `step` is called before and after each item it writes; a deadly record ends the invocation. */
export function memoryIndexer(table: Map<string, string>, life: Life, step: Around): Indexer {
  const check = ({ data, sequenceNumber }: StreamRecord): void => {
    if (data[0] === DEADLY) {
      life.die();
      throw new Error("never seen: the process is gone");
    }
    if (data[0] === GARBLED) throw new TracingError("invalid_argument", `record ${sequenceNumber} is garbled`);
  };
  return {
    check,
    async index(plan, shardId, records) {
      for (const record of records) check(record);
      for (const [key, body] of itemsOf(plan, shardId, records)) {
        await step("write before");
        table.set(key, body);
        await step("write after");
      }
      return { dropped: 0, waitingNames: 0 };
    },
  };
}

export function memoryQuarantine(): Quarantine & { readonly kept: Map<string, StreamRecord> } {
  const kept = new Map<string, StreamRecord>();
  return {
    kept,
    keep: async (shardId, record) => {
      kept.set(`${shardId}/${record.sequenceNumber}`, record);
    },
  };
}
