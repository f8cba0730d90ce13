/** A shard as the stream names it; `start` and `end` bound the places (hash keys) it takes, both inclusive. */
export interface Shard {
  readonly id: string;
  readonly parentIds: readonly string[];
  readonly start: bigint;
  readonly end: bigint;
  /** A closed shard takes no more records, but holds those it has until they expire. */
  readonly isOpen: boolean;
}

/** One record on its way in. */
export interface Entry {
  /** 0 to 2^128 - 1: the explicit hash key. */
  readonly place: bigint;
  readonly data: Uint8Array;
}

export type PutResult =
  | { readonly ok: true; readonly shardId: string; readonly sequenceNumber: string }
  | { readonly ok: false; readonly reason: "throttled" | "failed"; readonly message: string };

export interface StreamWriter {
  /** All shards, open and closed. */
  shards(): Promise<readonly Shard[]>;
  /** One attempt; one result an entry, in order. Throws TracingError unavailable or throttled when nothing was put. */
  put(entries: readonly Entry[]): Promise<readonly PutResult[]>;
}

/** One record as it is read. */
export interface StreamRecord {
  /** Decimal digits; compares as an integer, never as text. */
  readonly sequenceNumber: string;
  readonly data: Uint8Array;
  /** Milliseconds since the epoch when the stream took it. */
  readonly arrivedMillis: number;
}

export type Position = { readonly from: "oldest" } | { readonly at: string } | { readonly after: string };

export interface RecordsPage {
  readonly records: readonly StreamRecord[];
  /** Where to go on; undefined when a closed shard is at its end. */
  readonly next: string | undefined;
  /** How far behind the newest record this page ends. */
  readonly behindMillis: number;
}

export interface StreamReader {
  iterator(shardId: string, position: Position): Promise<string>;
  /** At most `limit` records; undefined when the iterator has expired and a new one is needed. */
  records(iterator: string, limit: number): Promise<RecordsPage | undefined>;
}

export interface StreamInfo {
  /** `identity` is the stream's name and creation time: a recreated stream uses its shard names again. */
  describe(): Promise<{ readonly identity: string; readonly retentionSeconds: number }>;
  shards(): Promise<readonly Shard[]>;
}

/** What one range of a shard's records is turned into at one time. Every key and byte written follows from it alone. */
export interface Plan {
  /** Sequence numbers, both inclusive. */
  readonly first: string;
  readonly last: string;
  /** The clock, read once when the plan was made, at least 1 ms after the plan before; milliseconds since the epoch. */
  readonly at: number;
  /** Hours (since the epoch) up to this one were closed when the plan was made: their spans get late heads. */
  readonly closed: number;
  /** Raised before each attempt. */
  readonly tries: number;
  /** The record that is being decoded alone, because attempts died. */
  readonly suspect: Suspect | undefined;
  /** Numbers of records that were set aside. */
  readonly excluded: readonly string[];
}

export interface Suspect {
  readonly number: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly seen: number;
}

/** One item a shard. */
export interface ReaderState {
  /** The last sequence number whose heads are written. */
  readonly done: string | undefined;
  readonly plan: Plan | undefined;
  /** No later plan is made at this time or before: `at` of the last one, or what rollup has raised it to. */
  readonly lastAt: number;
  /** Hours up to this one are closed; -1 when none is. */
  readonly closed: number;
  /** Raised by every write; every write is conditional on the version it was made from. 0 = no item yet. */
  readonly version: number;
}

export interface ReaderStates {
  /** Consistent; a state of version 0 when there is no item. */
  load(shardId: string): Promise<ReaderState>;
  /** Writes `state` (its version already raised by one) if the item still has the version before; false if not. */
  save(shardId: string, state: ReaderState): Promise<boolean>;
  /** Consistent: what rollup has raised before it looked for shards. A shard whose item is made after that has to ask. */
  fence(): Promise<Fence>;
}

/** What holds for every plan that is put after it was raised. */
export interface Fence {
  /** Hours up to this one are closed; -1 when none is. */
  readonly closed: number;
  /** No plan is made before this, milliseconds since the epoch: heads older than that have been counted. */
  readonly floor: number;
}

/** What of a plan's records was left out, or has to come again. */
export interface Indexed {
  /** Spans that were outside retention when they were received. */
  readonly dropped: number;
  /** Names of services and operations that a later plan has to bring. */
  readonly waitingNames: number;
  readonly refused?: Refused;
}

/** Spans that ingest would not have taken, in records that came past it. */
export interface Refused {
  readonly spans: number;
  /** Why those of one record were, as ingest would have told its sender. */
  readonly message: string;
}

/** What a plan is turned into. */
export interface Indexer {
  /** Decodes one record alone and forgets the result. Throws TracingError invalid_argument when it never can be. */
  check(record: StreamRecord): void;
  /**
   * Writes everything the plan's records say, heads last. Repeating it writes the same bytes to the same keys. Throws,
   * before anything is written, when `check` would throw for one of them; the store being busy is throttled or unavailable.
   */
  index(plan: Plan, shardId: string, records: readonly StreamRecord[]): Promise<Indexed>;
}

export interface Quarantine {
  /** Sets a record aside whole; repeating it overwrites itself. */
  keep(shardId: string, record: StreamRecord, reason: string): Promise<void>;
}
