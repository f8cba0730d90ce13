import { ingestApp } from "../../lib/http/ingest.ts";
import { jaegerApp } from "../../lib/http/jaeger.ts";
import type { App } from "../../lib/http/lambda.ts";
import { measuredApp } from "../../lib/http/measured-app.ts";
import { queryApp } from "../../lib/http/query.ts";
import { samplingApp } from "../../lib/http/sampling.ts";
import { zipkinApp } from "../../lib/http/zipkin.ts";
import { TracingError } from "../../lib/model/errors.ts";
import { type Ingest, ingest } from "../../lib/pipeline/ingest.ts";
import { measuredIngest } from "../../lib/pipeline/measured-ingest.ts";
import type { Alert } from "../../lib/runtime/alerts.ts";
import type { Log } from "../../lib/runtime/log.ts";
import type { Exposition } from "../../lib/runtime/prometheus.ts";
import { tenantRates } from "../../lib/runtime/rates.ts";
import { attributeReader } from "../../lib/store/attributes/read.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dependencyReader } from "../../lib/store/counts/dependencies.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { measuredReads } from "../../lib/store/measured-items.ts";
import { nameReader } from "../../lib/store/names.ts";
import { traceReader } from "../../lib/store/reader.ts";
import { kinesisClient, kinesisPutClient, kinesisWriter } from "../../lib/stream/kinesis.ts";
import { measuredWriter } from "../../lib/stream/measured-writer.ts";
import type { Access } from "./access.ts";
import type { Backends } from "./backends.ts";
import { exceptNoRoom, NoRoom } from "./disk-room.ts";
import type { Answer } from "./door.ts";
import { limitCalls } from "./limit-calls.ts";
import { provision } from "./provision.ts";
import type { ReloadedFile } from "./reloaded-file.ts";
import type { Settings } from "./settings-table.ts";
import { sleep } from "./sleep.ts";
import type { StrategiesFile } from "./strategies-file.ts";
import { sweepTable } from "./sweeper.ts";
import { keepWatching } from "./watch-loop.ts";

export interface RequestsParts {
  readonly settings: Settings;
  readonly access: Access;
  readonly strategies: ReloadedFile<StrategiesFile>;
  readonly backends: Backends;
  /** Where spans go, as the page tells people. */
  readonly otlpEndpoint: string;
  /** Whether what is put is still in the folder that was taken. */
  readonly isDataOurs: () => boolean;
  /** Whether there is room for more. */
  readonly hasRoom: () => boolean;
  readonly metrics: Exposition;
  /** Services that are watched. */
  readonly alerts: ReloadedFile<readonly Alert[]>;
  readonly log: Log;
}

/** What stands behind the doors. */
export interface Requests {
  /** For doors that do not speak HTTP: what comes in by them is counted for them. */
  readonly ingestBy: IngestBy;
  /** Told of an error that is the answer to a span's sender, by its HTTP status. */
  readonly onRefused: (status: number) => void;
  readonly otlp: Answer;
  readonly jaeger: Answer;
  readonly zipkin: Answer;
  readonly query: Answer;
  /** Told how long a query took to the end of its answer, milliseconds. */
  readonly onQueried: (millis: number) => void;
  readonly sampling: Answer;
  /** Once nobody asks any more. */
  close(): Promise<void>;
}

/** Takes spans that came by one door, named as the Collector names its receivers and their transports. */
export type IngestBy = (receiver: "otlp" | "jaeger" | "zipkin", transport: string) => Ingest;

const BY_RECEIVER = [
  "otelcol_receiver_accepted_spans",
  "otelcol_receiver_refused_spans",
  "skua_truncated_spans",
] as const;

/** Enough to keep the embedded table busy while answers travel. */
const EMBEDDED_CALLS = 8;

const CLOCK = Date.now;

export async function openRequests(parts: RequestsParts): Promise<Requests> {
  const { settings, access, strategies, alerts, backends, otlpEndpoint, isDataOurs, hasRoom, metrics, log } = parts;
  const { stream, table, retentionHours, corsOrigins } = settings;
  const { isDynamoEmbedded } = backends;
  const kinesis = kinesisClient(backends.kinesis);
  const puts = kinesisPutClient(backends.kinesis);
  const dynamo = dynamoClient(backends.dynamo);
  await provision({ ...backends, kinesis, dynamo, stream, table });

  const random = Math.random;
  const onFault = exceptNoRoom((error) => log.error("a request failed", { error }));
  const put = ingest({
    stream: measuredWriter(kinesisWriter(puts, stream), metrics.measureOf("ingest", {}, ["skua_put_retries"])),
    clock: CLOCK,
    random,
    sleep,
    retentionHours,
    takeRate: tenantRates(access.rateOf, CLOCK),
    limitsOf: access.rateOf,
  });
  const take: Ingest = async (tenant, traces) => {
    if (!hasRoom()) throw new NoRoom();
    const outcome = await put(tenant, traces);
    // Spans in a folder that is gone are nowhere: nobody may be told that they are kept.
    if (!isDataOurs()) throw new TracingError("unavailable", "the data folder is gone");
    return outcome;
  };
  const ingestBy: IngestBy = (receiver, transport) =>
    measuredIngest(take, metrics.measureOf("ingest", { receiver, transport }, BY_RECEIVER));
  const taking = (ingest: Ingest) => ({ ingest, tenantOf: access.ingest, onFault });
  const refused = metrics.measureOf("ingest", {}, ["skua_refused_requests"]);
  const answering = (app: App, measure = refused): Answer => measuredApp({ app, measure, clock: CLOCK }).fetch;
  const onRefused = (status: number): void => refused("skua_refused_requests", 1, { reason: String(status) });
  const sampling = {
    strategies: () => strategies.current().strategies,
    file: () => strategies.current().text,
    tenantOf: access.ingest,
    onFault,
  };
  const asked = dynamoItems(dynamo, table);
  const items = isDynamoEmbedded ? limitCalls(asked, EMBEDDED_CALLS) : asked;
  const asks = metrics.measureOf("query");
  const batches = itemBatches({ items: measuredReads(items, asks), clock: CLOCK, random, sleep });
  const store = {
    ...traceReader({ batches, clock: CLOCK, retentionHours }),
    ...nameReader({ batches, clock: CLOCK }),
    ...attributeReader({ batches, clock: CLOCK }),
    ...dependencyReader({ batches, clock: CLOCK, random, retentionHours }),
  };

  const sweeping = new AbortController();
  const { signal } = sweeping;
  const watching = keepWatching({
    ...{ metrics, log, alerts: alerts.current },
    batches: itemBatches({ items, clock: CLOCK, random, sleep }),
  });
  const swept = isDynamoEmbedded ? sweepTable({ dynamo, table, clock: CLOCK, log, signal }) : undefined;
  return {
    ingestBy,
    onRefused,
    otlp: answering(
      ingestApp({ ...taking(ingestBy("otlp", "http")), corsOrigins, strategies: sampling.strategies, onRefused }),
    ),
    jaeger: answering(jaegerApp(taking(ingestBy("jaeger", "collector_http")), sampling)),
    zipkin: answering(zipkinApp(taking(ingestBy("zipkin", "http")))),
    query: answering(queryApp({ store, clock: CLOCK, tenantOf: access.query, onFault, otlpEndpoint }), asks),
    onQueried: (millis) => asks("skua_query_latency", millis),
    sampling: samplingApp(sampling, true).fetch,
    async close() {
      sweeping.abort();
      await watching.stop();
      await swept;
      kinesis.destroy();
      puts.destroy();
      dynamo.destroy();
    },
  };
}
