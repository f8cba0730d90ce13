import { join } from "node:path";
import type { Log } from "../../lib/runtime/log.ts";
import { openAccess } from "./access.ts";
import { startBackends } from "./backends.ts";
import { takeDataFolder } from "./data-folder.ts";
import { openDoor } from "./door.ts";
import { healthApp, type Phase } from "./health.ts";
import { keepIndexing } from "./indexer-thread.ts";
import type { Settings } from "./settings-table.ts";
import { openStrategies } from "./strategies-file.ts";

export interface Server {
  /** Addresses, with the ports that were really taken. */
  readonly otlp: string;
  readonly query: string;
  readonly sampling: string;
  readonly health: string;
  /** Of the embedded Kinesis; undefined when another one is used. */
  readonly kinesis: string | undefined;
  /** The data folder. */
  readonly data: string;
  /** Whether nobody is asked for credentials. */
  readonly isOpen: boolean;
  /** Settles when something it cannot live without has ended. */
  readonly failed: Promise<Error>;
  /** Takes no more, finishes what it has, and leaves the data folder to the next. */
  stop(): Promise<void>;
}

/** Ceilings of a shutdown, for each of: requests that are being answered, the plan that is being written, the databases. */
const STOP_MILLIS = 8_000;

export async function startServer(settings: Settings, log: Log, isTerminal: boolean): Promise<Server> {
  let phase: Phase = "starting";
  const access = openAccess(settings, process.env, log);
  const strategies = openStrategies(settings.strategies, log);
  const folder = await takeDataFolder(settings.data);
  process.once("exit", folder.release);
  const doors = await openDoors(settings);
  doors.health.serve(healthApp(() => phase, Date.now).fetch);

  // Loading the AWS SDK takes longest: here and in the indexer's thread at the same time, and while the emulators start.
  const loading = import("./requests.ts");
  const backends = await startBackends(folder.path, settings, process.env, isTerminal);
  const { foreignStream, foreignTenant } = settings;
  const common = {
    kinesis: backends.kinesis,
    dynamo: backends.dynamo,
    isKinesisEmbedded: backends.isKinesisEmbedded,
    isDynamoEmbedded: backends.isDynamoEmbedded,
    table: settings.table,
    retentionHours: settings.retentionHours,
    isTerminal,
  };
  const quarantine = join(folder.path, "quarantine");
  const indexing = Promise.all([
    keepIndexing({ ...common, stream: settings.stream, quarantine }, log),
    // A thread of its own: what others send can hold nobody up but them.
    ...(foreignStream === ""
      ? []
      : [
          keepIndexing(
            { ...common, stream: foreignStream, foreignTenant, quarantine: join(quarantine, "foreign") },
            log,
          ),
        ]),
  ]);
  // What keeps both from starting is told by the first, and better.
  indexing.catch(() => undefined);
  const { openRequests } = await loading;
  const requests = await openRequests({ settings, access, strategies, backends, otlpEndpoint: doors.otlp.url, log });
  const indexers = await indexing;
  doors.otlp.serve(async (request) => {
    const answer = await requests.otlp(request);
    // Spans in a folder that is gone are nowhere: nobody may be told that they are kept.
    return answer.ok && !folder.isOurs() ? new Response("the data folder is gone\n", { status: 503 }) : answer;
  });
  doors.query.serve(requests.query);
  doors.sampling.serve(requests.sampling);
  phase = "ready";

  return {
    otlp: doors.otlp.url,
    query: doors.query.url,
    sampling: doors.sampling.url,
    health: doors.health.url,
    kinesis: backends.kinesis.endpoint,
    data: folder.path,
    isOpen: access.isOpen,
    failed: Promise.race([backends.failed, folder.lost]),
    async stop() {
      phase = "stopping";
      await Promise.all([doors.otlp, doors.query, doors.sampling].map((door) => door.close(STOP_MILLIS)));
      await Promise.all(indexers.map((indexer) => indexer.close(STOP_MILLIS)));
      await requests.close();
      await backends.close(STOP_MILLIS);
      access.close();
      strategies.close();
      await doors.health.close(STOP_MILLIS);
    },
  };
}

async function openDoors({ host, otlpHttpPort, samplingPort, queryPort, healthPort }: Settings) {
  const [otlp, sampling, query, health] = await Promise.all([
    openDoor({ host, port: otlpHttpPort, flag: "otlp-http-port" }),
    openDoor({ host, port: samplingPort, flag: "sampling-port" }),
    openDoor({ host, port: queryPort, flag: "query-port" }),
    openDoor({ host, port: healthPort, flag: "health-port" }),
  ]);
  return { otlp, sampling, query, health };
}
