import { toJson, toProtobuf } from "../data/plain-traces.ts";
import { Random } from "../data/random.ts";
import { grpcFrame } from "../support/grpc-frames.ts";
import { type Door, type Outcome, sendThrough } from "./doors.ts";
import { FOREIGN_DOORS } from "./foreign-doors.ts";
import { foreignSeeds } from "./foreign-seeds.ts";
import { mutate } from "./mutate.ts";
import { PLAIN_DOORS, plainSeeds } from "./plain-doors.ts";
import { someTraces } from "./seeds.ts";

/** Of CPU, so that it does not matter how busy the machine is. A body of a few KiB takes well under a millisecond; this much is a hang. */
const MAX_CASE_MICROS = 2_000_000;
const SEED_MESSAGES = 200;

export type Counts = ReadonlyMap<Door, Record<Outcome, number>>;

const DOORS: readonly Door[] = ["protobuf", "json", "gRPC-web", "gRPC-web-text", ...FOREIGN_DOORS, ...PLAIN_DOORS];

/**
 * Throws at the first case that breaks the law, naming it so that it can be repeated.
 *
 * @param count cases for each door
 */
export function fuzz(count: number, seed: number): Counts {
  const random = new Random(seed);
  const seeds: Record<Door, Buffer[]> = {
    ...{ protobuf: [], json: [], "gRPC-web": [], "gRPC-web-text": [] },
    ...foreignSeeds(seed),
    ...plainSeeds(random),
  };
  for (let i = 0; i < SEED_MESSAGES; i++) {
    const traces = someTraces(random);
    const message = toProtobuf(traces, random);
    seeds.protobuf.push(message);
    seeds["gRPC-web"].push(grpcFrame(message));
    seeds["gRPC-web-text"].push(Buffer.from(grpcFrame(message).toString("base64")));
    seeds.json.push(Buffer.from(toJson(traces, random)));
  }
  const counts: Counts = new Map(DOORS.map((door) => [door, { refused: 0, empty: 0, spans: 0 }]));
  for (let i = 0; i < count; i++) {
    for (const [door, own] of counts) {
      const body = mutate(door, random.pick(seeds[door]), random.pick(seeds[door]), random);
      own[send(door, body, `seed ${seed}, case ${i}`)]++;
    }
  }
  return counts;
}

function send(door: Door, body: Buffer, name: string): Outcome {
  const started = process.cpuUsage();
  try {
    const outcome = sendThrough(door, body);
    const { user, system } = process.cpuUsage(started);
    if (user + system > MAX_CASE_MICROS) throw new Error(`took ${user + system} µs of CPU`);
    return outcome;
  } catch (cause) {
    throw new Error(`${name} (${door}): ${String(cause)}\nbody in base64: ${body.toString("base64")}`, { cause });
  }
}
