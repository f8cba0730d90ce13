import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { portFault } from "./door.ts";
import { EMULATOR_HOST, type EmulatorData, type EmulatorHello } from "./emulator.ts";
import type { Settings } from "./settings-table.ts";
import { startThread, type Thread } from "./thread.ts";

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
  /** Settles when an emulator has ended by itself. */
  readonly failed: Promise<Error>;
  close(waitMillis: number): Promise<void>;
}

/** Heaps: records and items pass through as base64 in JSON, one answer of up to 16 MB at a time. */
const HEAP_MEGABYTES = { kinesis: 192, dynamo: 256 };

/** What signs requests to an emulator; it looks for a signature, not at it. */
const ANYBODY = { region: "us-east-1", credentials: { accessKeyId: "skua", secretAccessKey: "skua" } };

/** Starts the services that the environment does not name endpoints for, each in a thread of its own. */
export async function startBackends(
  folder: string,
  { kinesisPort }: Pick<Settings, "kinesisPort">,
  env: NodeJS.ProcessEnv,
  isTerminal: boolean,
): Promise<Backends> {
  const isKinesisEmbedded = !(env.AWS_ENDPOINT_URL_KINESIS || env.AWS_ENDPOINT_URL);
  const isDynamoEmbedded = !(env.AWS_ENDPOINT_URL_DYNAMODB || env.AWS_ENDPOINT_URL);
  const [kinesis, dynamo] = await Promise.all([
    isKinesisEmbedded
      ? startEmulator("kinesis", { path: join(folder, "kinesis"), port: kinesisPort, isTerminal }).catch((error) => {
          throw isOfPort(error)
            ? portFault(error, { host: EMULATOR_HOST, port: kinesisPort, flag: "kinesis-port" })
            : error;
        })
      : undefined,
    isDynamoEmbedded ? startEmulator("dynamo", { path: join(folder, "dynamodb"), port: 0, isTerminal }) : undefined,
  ]);
  const threads = [kinesis, dynamo].filter((thread) => thread !== undefined);
  return {
    kinesis: reach(kinesis),
    dynamo: reach(dynamo),
    isKinesisEmbedded,
    isDynamoEmbedded,
    failed: firstFault(threads),
    async close(waitMillis) {
      await Promise.all(threads.map((thread) => thread.close(waitMillis)));
    },
  };
}

function startEmulator(name: "kinesis" | "dynamo", data: EmulatorData): Promise<Thread<EmulatorHello>> {
  mkdirSync(data.path, { recursive: true });
  return startThread({
    file: new URL(`./${name}-worker.ts`, import.meta.url),
    data,
    heapMegabytes: HEAP_MEGABYTES[name],
  });
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
