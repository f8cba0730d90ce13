import { readSettings } from "../../functions/server/settings.ts";
import { untilTold } from "../../functions/server/signals.ts";
import type { Indexed } from "../../lib/stream/port.ts";
import { nameOfKept, type Replayed, replayKept } from "../../lib/stream/replay-kept.ts";
import { replayRange, type ShardRange } from "../../lib/stream/replay-range.ts";
import { runCommand, type Values } from "./command.ts";
import { placesOfFolder, placesOfFunction, type ReplayPlace, type ReplayPlaces } from "./replay-places.ts";

const HELP = `npm run replay -- (--function NAME | [flags of npm start]) [--yes]

Brings back what was set aside: each record of the quarantine that can be read by now is indexed, and leaves it; what still
cannot be read stays, with the reason. Says what it would do, and does nothing, unless --yes is given.

  --function NAME    the indexer of a stack (its output Replay): stream, table and bucket are those that it has
                     Without it: a server that is stopped, with the flags and variables that npm start is given:
                     --data FOLDER, and --stream, --table, --retention, --foreign-stream, --foreign-tenant
  --record ID        only this one, as it is listed: shard/number; may be given several times, and has to be for a record
                     whose decoding ended the indexer: it may end this command, too
  --shard ID --first NUMBER --last NUMBER
                     instead of the quarantine a range of the stream, as the log names it where records were lost: what the
                     stream still holds of it. --first alone is one record; --foreign says that it is of a server's second stream
  --yes              do it
  --help, -h

A record is indexed once, however often this is called, stopped or killed. So is a range, while the stream holds it; ranges
that overlap, or that were indexed before, show each span once, but their calls are counted again.
`;

/** As many as an emulator's answer may hold without filling the memory. */
const RECORDS_PER_CALL = 32;

const OWN = {
  function: { type: "string" },
  record: { type: "string", multiple: true },
  shard: { type: "string" },
  first: { type: "string" },
  last: { type: "string" },
  foreign: { type: "boolean" },
  yes: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

interface Asked {
  readonly isDry: boolean;
  readonly range: ShardRange | undefined;
  /** The range is of a server's second stream. */
  readonly isForeign: boolean;
  readonly only: ReadonlySet<string> | undefined;
  /** Aborted when the command is told to end. */
  readonly stopping: AbortSignal;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runCommand({ name: "replay", help: HELP, flags: OWN, run });

async function run(values: Values<typeof OWN>, rest: readonly string[]): Promise<void> {
  const asked: Asked = {
    isDry: values.yes !== true,
    range: rangeOf(values.shard, values.first, values.last),
    isForeign: values.foreign === true,
    only: values.record && new Set(values.record),
    stopping: stopWhenTold(values.yes === true),
  };
  const name = values.function;
  if (name !== undefined && rest.length > 0) throw new Error(`${rest[0]}: not with --function; --help says more`);
  const opened = name === undefined ? await placesOfServer(rest) : await placesOfFunction(name);
  try {
    if (asked.range === undefined) await replayAll(opened, asked);
    else await replayOneRange(opened, asked.range, asked);
  } finally {
    await opened.close();
  }
  if (asked.isDry) say("nothing was changed: --yes does it");
}

/** What is in hand is finished first: rollup waits, for all tenants, for a plan that is left open. */
function stopWhenTold(isWriting: boolean): AbortSignal {
  const stopping = new AbortController();
  void untilTold(process).then(() => {
    stopping.abort();
    if (isWriting)
      say("stopping once what is in hand is done; ended before that, run it again at once: merging waits for it");
  });
  return stopping.signal;
}

async function placesOfServer(flags: readonly string[]): Promise<ReplayPlaces> {
  const settings = readSettings(flags, process.env);
  if (settings === "help") throw new Error("--help says more");
  return placesOfFolder(settings);
}

function rangeOf(shardId?: string, first?: string, last?: string): ShardRange | undefined {
  if (shardId === undefined && first === undefined && last === undefined) return undefined;
  if (shardId === undefined || first === undefined || !/^\d+$/.test(first) || !/^\d+$/.test(last ?? first))
    throw new Error("--shard, --first and --last: expected a shard and sequence numbers; --help says more");
  return { shardId, first, last: last ?? first };
}

async function replayAll({ own, foreign }: ReplayPlaces, asked: Asked): Promise<void> {
  await replayQuarantine(own, asked);
  if (foreign !== undefined && !asked.stopping.aborted) await replayQuarantine(foreign, asked);
}

async function replayQuarantine(place: ReplayPlace, { isDry, only, stopping }: Asked): Promise<void> {
  const counts: Record<Replayed["kind"], number> = { replayed: 0, ready: 0, gone: 0, stays: 0 };
  const replaying = replayKept({ ...place, clock: Date.now, isDry, ...(only !== undefined && { only }) });
  for await (const [note, outcome] of replaying) {
    counts[outcome.kind]++;
    say(`${nameOfKept(note)} of ${new Date(note.arrivedMillis).toISOString()}: ${told(outcome)}`);
    if (stopping.aborted) break;
  }
  const { replayed, ready, gone, stays } = counts;
  const done = isDry ? `${ready} can be replayed` : `${replayed} replayed`;
  const isMissing = gone === 0 ? "" : `, ${gone} are gone from it`;
  say(`${place.stream}: ${done}, ${stays} stay in the quarantine${isMissing}`);
  if (stopping.aborted) say("told to stop: there may be more");
}

function told(outcome: Replayed): string {
  switch (outcome.kind) {
    case "replayed":
      return ["replayed", ...leftOut(outcome)].join(", ");
    case "ready":
      return "can be read now";
    case "gone":
      return "its record is gone: another replay has indexed it, or somebody removed it";
    case "stays":
      return `stays: ${outcome.reason}`;
  }
}

function* leftOut({ dropped, refused, waitingNames }: Indexed): Iterable<string> {
  if (dropped > 0) yield `without ${dropped} spans outside retention`;
  if (refused !== undefined && refused.spans > 0)
    yield `without ${refused.spans} spans that cannot be taken (${refused.message})`;
  if (waitingNames > 0) yield `without ${waitingNames} names in the lists of services and operations`;
}

async function replayOneRange(
  { own, foreign }: ReplayPlaces,
  range: ShardRange,
  { isDry, isForeign }: Asked,
): Promise<void> {
  const place = isForeign ? foreign : own;
  if (place === undefined) throw new Error("--foreign: expected --foreign-stream NAME with it");
  const { held, unreadable, replayed } = await replayRange(
    range,
    {
      ...place,
      recordsPerCall: RECORDS_PER_CALL,
      clock: Date.now,
      functionTimeoutMillis: place.timeoutMillis,
      onNotice: (notice) => say(JSON.stringify(notice)),
    },
    isDry,
  );
  const done = isDry ? `${held - unreadable} can be replayed` : `${Math.max(0, replayed - unreadable)} replayed`;
  const before = !isDry && held > 0 && replayed === 0 ? ", replayed before" : "";
  say(`${place.stream}: ${held} records of the range are still there, ${done}, ${unreadable} cannot be read${before}`);
}
