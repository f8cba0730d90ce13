import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { portFault } from "./door.ts";
import { EMULATOR_HOST, type EmulatorData, type EmulatorHello } from "./emulator.ts";
import { reasonOf } from "./reason.ts";
import type { Settings } from "./settings-table.ts";
import { startThread, type Thread } from "./thread.ts";
import { Usage } from "./usage.ts";

/** How a client of ours reaches a service; empty: as the SDK's own variables, files and roles say. */
export interface Reach {
  readonly endpoint?: string;
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface Backends {
  readonly kinesis: Reach;
  readonly dynamo: Reach;
  readonly isKinesisEmbedded: boolean;
  readonly isDynamoEmbedded: boolean;
  /** Where the embedded ones keep their data. */
  readonly folders: readonly string[];
  /** Settles when an emulator has ended by itself. */
  readonly failed: Promise<Error>;
  /** The same, but an emulator's end is told as what it is, not as what it makes fail. */
  blamed<T>(work: Promise<T>): Promise<T>;
  close(waitMillis: number): Promise<void>;
}

/** Heaps: records and items pass through as base64 in JSON, one answer of up to 16 MB at a time. */
const HEAP_MEGABYTES = { kinesis: 192, dynamo: 256 };

/** How long a fault waits for what it may have come from. */
const BLAME_MILLIS = 1_000;

/** What signs requests to an emulator; it looks for a signature, not at it. */
const ANYBODY = { region: "us-east-1", credentials: { accessKeyId: "skua", secretAccessKey: "skua" } };

/** Starts the services that the environment does not name endpoints for, each in a thread of its own. */
export async function startBackends(
  folder: string,
  { kinesisPort, dynamoPort }: Pick<Settings, "kinesisPort" | "dynamoPort">,
  env: NodeJS.ProcessEnv,
  isTerminal: boolean,
): Promise<Backends> {
  const isKinesisEmbedded = !(env.AWS_ENDPOINT_URL_KINESIS || env.AWS_ENDPOINT_URL);
  const isDynamoEmbedded = !(env.AWS_ENDPOINT_URL_DYNAMODB || env.AWS_ENDPOINT_URL);
  const [kinesis, dynamo] = await Promise.all([
    isKinesisEmbedded
      ? startEmulator("kinesis", { path: join(folder, "kinesis"), port: kinesisPort, isTerminal })
      : undefined,
    isDynamoEmbedded
      ? startEmulator("dynamo", { path: join(folder, "dynamodb"), port: dynamoPort, isTerminal })
      : undefined,
  ]);
  const threads = [kinesis, dynamo].filter((thread) => thread !== undefined);
  const failed = firstFault(threads);
  return {
    kinesis: reach(kinesis),
    dynamo: reach(dynamo),
    isKinesisEmbedded,
    isDynamoEmbedded,
    folders: threads.map(({ path }) => path),
    failed,
    async blamed(work) {
      try {
        return await Promise.race([work, failed.then((fault) => Promise.reject(fault))]);
      } catch (error) {
        // A connection is cut off before the end of the thread behind it is known.
        throw await Promise.race([failed, pause(BLAME_MILLIS, error)]);
      }
    },
    async close(waitMillis) {
      await Promise.all(threads.map((thread) => thread.close(waitMillis)));
    },
  };
}

interface Emulator extends Thread<EmulatorHello> {
  readonly path: string;
}

async function startEmulator(name: "kinesis" | "dynamo", data: EmulatorData): Promise<Emulator> {
  const { path, port } = data;
  mkdirSync(path, { recursive: true });
  const unusable = (fault: Error) => new Usage(`${path}: cannot be used (${reasonOf(fault)})`, 1);
  try {
    const thread = await startThread<EmulatorHello>({
      file: new URL(`./${name}-worker.ts`, import.meta.url),
      data,
      heapMegabytes: HEAP_MEGABYTES[name],
    });
    const ended = thread.ended.then((fault) => fault && unusable(fault));
    return { ...thread, ended, path };
  } catch (error) {
    if (isOfPort(error))
      throw portFault(error, {
        host: EMULATOR_HOST,
        port,
        flag: name === "kinesis" ? "kinesis-port" : "dynamodb-port",
      });
    throw error instanceof Error ? unusable(error) : error;
  }
}

const isOfPort = (error: unknown): boolean =>
  error instanceof Error && "syscall" in error && error.syscall === "listen";

const reach = (thread: Thread<EmulatorHello> | undefined): Reach =>
  thread === undefined ? {} : { endpoint: thread.hello.endpoint, ...ANYBODY };

function firstFault(threads: readonly Thread<unknown>[]): Promise<Error> {
  return new Promise((resolve) => {
    for (const { ended } of threads) void ended.then((fault) => fault !== undefined && resolve(fault));
  });
}
