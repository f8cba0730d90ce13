import { join } from "node:path";
import type { Log } from "../../lib/runtime/log.ts";
import { openAccess } from "./access.ts";
import { openAlerts } from "./alerts-file.ts";
import { startBackends } from "./backends.ts";
import { takeDataFolder } from "./data-folder.ts";
import { diskOf, diskRoom, exceptNoRoom } from "./disk-room.ts";
import { openDoor } from "./door.ts";
import { openGrpcDoor } from "./grpc-door.ts";
import { healthApp, type Phase } from "./health.ts";
import { keepIndexing } from "./indexer-thread.ts";
import { metricsAnswer, serverMetrics } from "./server-metrics.ts";
import type { Settings } from "./settings-table.ts";
import { openStrategies } from "./strategies-file.ts";
import { openUdpDoor, udpFailed } from "./udp.ts";
import type { UdpPorts } from "./udp-thread.ts";

/** Addresses, with the ports that were really taken. */
interface Addresses {
  readonly otlp: string;
  readonly otlpGrpc: string;
  readonly jaegerGrpc: string;
  /** Jaeger's Thrift over HTTP. */
  readonly jaeger: string;
  readonly zipkin: string;
  /** Ports; none where UDP is closed. */
  readonly udp: UdpPorts;
  readonly query: string;
  readonly sampling: string;
  readonly samplingGrpc: string;
  readonly health: string;
  /** Prometheus'. */
  readonly metrics: string;
}

export interface Server {
  readonly addresses: Addresses;
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
  const alerts = openAlerts(settings.alerts, log);
  const metrics = serverMetrics(Date.now);
  const folder = await takeDataFolder(settings.data);
  process.once("exit", folder.release);
  const doors = await openDoors(settings);
  doors.health.serve(healthApp(() => phase, Date.now).fetch);
  doors.metrics.serve(metricsAnswer(metrics));

  // Loading the AWS SDK takes longest: here and in the indexer's thread at the same time, and while the emulators start.
  const loading = Promise.all([import("./requests.ts"), import("./grpc-doors.ts")]);
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
    keepIndexing({ ...common, stream: settings.stream, quarantine }, log, metrics),
    // A thread of its own: what others send can hold nobody up but them.
    ...(foreignStream === ""
      ? []
      : [
          keepIndexing(
            { ...common, stream: foreignStream, foreignTenant, quarantine: join(quarantine, "foreign") },
            log,
            metrics,
          ),
        ]),
  ]);
  // What keeps both from starting is told by the first, and better.
  indexing.catch(() => undefined);
  const [{ openRequests }, { serveGrpc }] = await loading;
  const requests = await backends.blamed(
    openRequests({
      ...{ settings, access, strategies, alerts, backends, metrics, log },
      otlpEndpoint: doors.otlp.url,
      isDataOurs: folder.isOurs,
      hasRoom:
        backends.folders.length === 0
          ? () => true
          : diskRoom({ look: () => diskOf(folder.path), clock: Date.now, log }),
    }),
  );
  const udp = await openUdpDoor({
    settings,
    access,
    ingestBy: requests.ingestBy,
    measure: metrics.measureOf("udp"),
    log,
  });
  const indexers = await backends.blamed(indexing);
  for (const path of backends.folders) folder.needs(path);
  const serving = serveGrpc(doors, {
    ...{ ingestBy: requests.ingestBy, access },
    onRefused: requests.onRefused,
    onFault: exceptNoRoom((error) => log.error("a call failed", { error })),
    strategies: () => strategies.current().strategies,
  });
  doors.otlp.serve(requests.otlp);
  doors.jaeger.serve(requests.jaeger);
  doors.zipkin.serve(requests.zipkin);
  doors.sampling.serve(requests.sampling);
  doors.query.serve(requests.query, requests.onQueried);
  const { keepRolling } = await import("./rollup-loop.ts");
  const rollup = keepRolling({
    dynamo: backends.dynamo,
    isDynamoEmbedded: backends.isDynamoEmbedded,
    table: settings.table,
    retentionHours: settings.retentionHours,
    metrics,
    log,
  });
  phase = "ready";

  return {
    addresses: {
      otlp: doors.otlp.url,
      otlpGrpc: doors.otlpGrpc.url,
      jaegerGrpc: doors.jaegerGrpc.url,
      jaeger: doors.jaeger.url,
      zipkin: doors.zipkin.url,
      udp: udp?.ports ?? {},
      query: doors.query.url,
      sampling: doors.sampling.url,
      samplingGrpc: doors.samplingGrpc.url,
      health: doors.health.url,
      metrics: doors.metrics.url,
    },
    kinesis: backends.kinesis.endpoint,
    data: folder.path,
    isOpen: access.isOpen,
    failed: Promise.race([backends.failed, folder.lost, udpFailed(udp)]),
    async stop() {
      phase = "stopping";
      serving.end();
      const { health, ...asked } = doors;
      await Promise.all(
        [...Object.values(asked), ...(udp === undefined ? [] : [udp])].map((door) => door.close(STOP_MILLIS)),
      );
      await Promise.all(indexers.map((indexer) => indexer.close(STOP_MILLIS)));
      await rollup.stop(STOP_MILLIS);
      await requests.close();
      await backends.close(STOP_MILLIS);
      access.close();
      strategies.close();
      alerts.close();
      await health.close(STOP_MILLIS);
    },
  };
}

async function openDoors(settings: Settings) {
  const { host } = settings;
  const [otlp, otlpGrpc, jaegerGrpc, samplingGrpc, jaeger, zipkin, sampling, query, health, metrics] =
    await Promise.all([
      openDoor({ host, port: settings.otlpHttpPort, flag: "otlp-http-port" }),
      openGrpcDoor({ host, port: settings.otlpGrpcPort, flag: "otlp-grpc-port" }),
      openGrpcDoor({ host, port: settings.jaegerGrpcPort, flag: "jaeger-grpc-port" }),
      openGrpcDoor({ host, port: settings.samplingGrpcPort, flag: "sampling-grpc-port" }),
      openDoor({ host, port: settings.jaegerHttpPort, flag: "jaeger-http-port" }),
      openDoor({ host, port: settings.zipkinPort, flag: "zipkin-port" }),
      openDoor({ host, port: settings.samplingPort, flag: "sampling-port" }),
      openDoor({ host, port: settings.queryPort, flag: "query-port" }),
      openDoor({ host, port: settings.healthPort, flag: "health-port" }),
      openDoor({ host, port: settings.metricsPort, flag: "metrics-port" }),
    ]);
  return { otlp, otlpGrpc, jaegerGrpc, samplingGrpc, jaeger, zipkin, sampling, query, health, metrics };
}
