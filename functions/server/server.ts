import { join } from "node:path";
import { ingestApp } from "../../lib/http/ingest.ts";
import { queryApp } from "../../lib/http/query.ts";
import { ingest } from "../../lib/pipeline/ingest.ts";
import type { Log } from "../../lib/runtime/log.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { nameReader } from "../../lib/store/names.ts";
import { traceReader } from "../../lib/store/reader.ts";
import { kinesisClient, kinesisWriter } from "../../lib/stream/kinesis.ts";
import { startBackends } from "./backends.ts";
import { takeDataFolder } from "./data-folder.ts";
import { openDoor } from "./door.ts";
import { healthApp, type Phase } from "./health.ts";
import { keepIndexing } from "./indexer-thread.ts";
import { limitCalls } from "./limit-calls.ts";
import { ensureStream, ensureTable } from "./provision.ts";
import type { Settings } from "./settings.ts";
import { sleep } from "./sleep.ts";
import { sweepTable } from "./sweeper.ts";

export interface Server {
  /** Addresses, with the ports that were really taken. */
  readonly otlp: string;
  readonly query: string;
  readonly health: string;
  /** The data folder. */
  readonly data: string;
  /** Settles when something it cannot live without has ended. */
  readonly failed: Promise<Error>;
  /** Takes no more, finishes what it has, and leaves the data folder to the next. */
  stop(): Promise<void>;
}

/** There are no credentials to tell tenants by. */
const TENANT = "default";
const tenantOf = (): string => TENANT;

/** Ceilings of a shutdown, for each of: requests that are being answered, the plan that is being written, the databases. */
const STOP_MILLIS = 8_000;

const CLOCK = Date.now;

/** Enough to keep the embedded table busy while answers travel. */
const EMBEDDED_CALLS = 8;

export async function startServer(settings: Settings, log: Log, isTerminal: boolean): Promise<Server> {
  const { stream, table, retentionHours } = settings;
  let phase: Phase = "starting";
  const folder = await takeDataFolder(settings.data);
  process.once("exit", folder.release);
  const doors = await openDoors(settings);
  doors.health.serve(healthApp(() => phase, CLOCK).fetch);

  const backends = await startBackends(folder.path, process.env);
  const kinesis = kinesisClient(backends.kinesis);
  const dynamo = dynamoClient(backends.dynamo);
  await Promise.all([ensureStream(kinesis, stream), ensureTable(dynamo, table, !backends.isDynamoEmbedded)]);

  const indexer = await keepIndexing(
    {
      kinesis: backends.kinesis,
      dynamo: backends.dynamo,
      stream,
      table,
      retentionHours,
      quarantine: join(folder.path, "quarantine"),
      isAlone: backends.isKinesisEmbedded,
      isTerminal,
    },
    log,
  );
  const random = Math.random;
  const onFault = (error: unknown): void => log.error("a request failed", { error });
  const take = ingest({ stream: kinesisWriter(kinesis, stream), clock: CLOCK, random, sleep, retentionHours });
  const asked = dynamoItems(dynamo, table);
  const items = backends.isDynamoEmbedded ? limitCalls(asked, EMBEDDED_CALLS) : asked;
  const batches = itemBatches({ items, clock: CLOCK, random, sleep });
  const store = { ...traceReader({ batches, clock: CLOCK, retentionHours }), ...nameReader({ batches, clock: CLOCK }) };
  doors.otlp.serve(ingestApp({ ingest: take, tenantOf, onFault }).fetch);
  doors.query.serve(queryApp({ store, clock: CLOCK, tenantOf, onFault, otlpEndpoint: doors.otlp.url }).fetch);

  const sweeping = new AbortController();
  const { signal } = sweeping;
  const swept = backends.isDynamoEmbedded ? sweepTable({ dynamo, table, clock: CLOCK, log, signal }) : undefined;
  phase = "ready";

  return {
    otlp: doors.otlp.url,
    query: doors.query.url,
    health: doors.health.url,
    data: folder.path,
    failed: backends.failed,
    async stop() {
      phase = "stopping";
      sweeping.abort();
      await Promise.all([doors.otlp.close(STOP_MILLIS), doors.query.close(STOP_MILLIS), swept]);
      await indexer.close(STOP_MILLIS);
      kinesis.destroy();
      dynamo.destroy();
      await backends.close(STOP_MILLIS);
      await doors.health.close(STOP_MILLIS);
    },
  };
}

async function openDoors({ host, otlpHttpPort, queryPort, healthPort }: Settings) {
  const [otlp, query, health] = await Promise.all([
    openDoor({ host, port: otlpHttpPort, flag: "otlp-http-port" }),
    openDoor({ host, port: queryPort, flag: "query-port" }),
    openDoor({ host, port: healthPort, flag: "health-port" }),
  ]);
  return { otlp, query, health };
}
