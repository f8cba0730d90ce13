import { integer, object, optional, text, texts } from "./json-fields.ts";

/** The item that says how far a shard is read (docs/format.md); its version is the table's. */
export interface StoredReaderState {
  readonly done: string | undefined;
  readonly plan: StoredPlan | undefined;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
  /** Hours since the epoch. */
  readonly closed: number;
}

interface StoredPlan {
  readonly first: string;
  readonly last: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Hours since the epoch. */
  readonly closed: number;
  readonly tries: number;
  readonly suspect: { readonly number: string; readonly since: number; readonly seen: number } | undefined;
  readonly excluded: readonly string[];
}

/** JSON, because it is written once a plan and read by people in need. */
export const encodeReaderState = ({ done, plan, lastAt, closed }: StoredReaderState): Uint8Array =>
  Buffer.from(JSON.stringify({ done, plan, lastAt, closed }));

export function decodeReaderState(body: Uint8Array): StoredReaderState {
  const fields = object(JSON.parse(new TextDecoder().decode(body)), "body");
  return {
    done: optional(fields.done, "done", text),
    plan: optional(fields.plan, "plan", plan),
    lastAt: integer(fields.lastAt, "lastAt"),
    closed: integer(fields.closed, "closed"),
  };
}

function plan(value: unknown): StoredPlan {
  const fields = object(value, "plan");
  return {
    first: text(fields.first, "plan.first"),
    last: text(fields.last, "plan.last"),
    at: integer(fields.at, "plan.at"),
    closed: integer(fields.closed, "plan.closed"),
    tries: integer(fields.tries, "plan.tries"),
    suspect: optional(fields.suspect, "plan.suspect", suspect),
    excluded: texts(fields.excluded, "plan.excluded"),
  };
}

function suspect(value: unknown): NonNullable<StoredPlan["suspect"]> {
  const fields = object(value, "plan.suspect");
  return {
    number: text(fields.number, "plan.suspect.number"),
    since: integer(fields.since, "plan.suspect.since"),
    seen: integer(fields.seen, "plan.suspect.seen"),
  };
}
