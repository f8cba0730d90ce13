import { compareNumbers } from "./sequence.ts";

/** What stands beside a record that was set aside. */
export interface KeptNote {
  readonly shardId: string;
  readonly sequenceNumber: string;
  /** Milliseconds since the epoch when the stream took it. */
  readonly arrivedMillis: number;
  /** Why it was set aside. */
  readonly reason: string;
}

/** The quarantine as whoever empties it sees it. A record and its note are two things, and go one after the other. */
export interface KeptRecords {
  /** By shard and number. One without a note is still being set aside. */
  notes(): Promise<readonly KeptNote[]>;
  /** The record as the stream held it; undefined when it is gone. */
  data(note: KeptNote): Promise<Uint8Array | undefined>;
  /** Nothing happens when it is gone already, as with the note. */
  removeData(note: KeptNote): Promise<void>;
  removeNote(note: KeptNote): Promise<void>;
}

/** The text that stands beside a record. */
export const writeNote = ({ arrivedMillis, ...note }: KeptNote): string =>
  `${JSON.stringify({ ...note, arrived: new Date(arrivedMillis).toISOString() }, undefined, 2)}\n`;

/** What {@link writeNote} wrote; undefined when it is something else. */
export function readNote(text: string): KeptNote | undefined {
  const fields = objectOf(text);
  const { shardId, sequenceNumber, arrived, reason } = fields;
  const arrivedMillis = Date.parse(String(arrived));
  const texts = [shardId, sequenceNumber, reason].every((field) => typeof field === "string");
  if (!texts || Number.isNaN(arrivedMillis)) return undefined;
  return { shardId: String(shardId), sequenceNumber: String(sequenceNumber), arrivedMillis, reason: String(reason) };
}

function objectOf(text: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(text) };
  } catch {
    return {};
  }
}

/** By shard, then by number. */
export const compareNotes = (a: KeptNote, b: KeptNote): number =>
  a.shardId === b.shardId ? compareNumbers(a.sequenceNumber, b.sequenceNumber) : a.shardId < b.shardId ? -1 : 1;
