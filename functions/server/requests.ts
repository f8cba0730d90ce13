import { ingestApp } from "../../lib/http/ingest.ts";
import { jaegerApp } from "../../lib/http/jaeger.ts";
import { queryApp } from "../../lib/http/query.ts";
import { samplingApp } from "../../lib/http/sampling.ts";
import { zipkinApp } from "../../lib/http/zipkin.ts";
import { TracingError } from "../../lib/model/errors.ts";
import { type Ingest, ingest } from "../../lib/pipeline/ingest.ts";
import type { Log } from "../../lib/runtime/log.ts";
import { tenantRates } from "../../lib/runtime/rates.ts";
import { attributeReader } from "../../lib/store/attributes/read.ts";
import { itemBatches } from "../../lib/store/batches.ts";
import { dependencyReader } from "../../lib/store/counts/dependencies.ts";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { nameReader } from "../../lib/store/names.ts";
import { traceReader } from "../../lib/store/reader.ts";
import { kinesisClient, kinesisPutClient, kinesisWriter } from "../../lib/stream/kinesis.ts";
import type { Access } from "./access.ts";
import type { Backends } from "./backends.ts";
import type { Answer } from "./door.ts";
import { limitCalls } from "./limit-calls.ts";
import { provision } from "./provision.ts";
import type { ReloadedFile } from "./reloaded-file.ts";
import type { Settings } from "./settings-table.ts";
import { sleep } from "./sleep.ts";
import type { StrategiesFile } from "./strategies-file.ts";
import { sweepTable } from "./sweeper.ts";

export interface RequestsParts {
  readonly settings: Settings;
  readonly access: Access;
  readonly strategies: ReloadedFile<StrategiesFile>;
  readonly backends: Backends;
  /** Where spans go, as the page tells people. */
  readonly otlpEndpoint: string;
  /** Whether what is put is still in the folder that was taken. */
  readonly isDataOurs: () => boolean;
  readonly log: Log;
}

/** What stands behind the doors. */
export interface Requests {
  /** For doors that do not speak HTTP. */
  readonly ingest: Ingest;
  readonly otlp: Answer;
  readonly jaeger: Answer;
  readonly zipkin: Answer;
  readonly query: Answer;
  readonly sampling: Answer;
  /** Once nobody asks any more. */
  close(): Promise<void>;
}

/** Enough to keep the embedded table busy while answers travel. */
const EMBEDDED_CALLS = 8;

const CLOCK = Date.now;

export async function openRequests(parts: RequestsParts): Promise<Requests> {
  const { settings, access, strategies, backends, otlpEndpoint, isDataOurs, log } = parts;
  const { stream, table, retentionHours, corsOrigins } = settings;
  const { isDynamoEmbedded } = backends;
  const kinesis = kinesisClient(backends.kinesis);
  const puts = kinesisPutClient(backends.kinesis);
  const dynamo = dynamoClient(backends.dynamo);
  await provision({ ...backends, kinesis, dynamo, stream, table });

  const random = Math.random;
  const onFault = (error: unknown): void => log.error("a request failed", { error });
  const put = ingest({
    stream: kinesisWriter(puts, stream),
    clock: CLOCK,
    random,
    sleep,
    retentionHours,
    takeRate: tenantRates(access.rateOf, CLOCK),
    limitsOf: access.rateOf,
  });
  const take: Ingest = async (tenant, traces) => {
    const outcome = await put(tenant, traces);
    // Spans in a folder that is gone are nowhere: nobody may be told that they are kept.
    if (!isDataOurs()) throw new TracingError("unavailable", "the data folder is gone");
    return outcome;
  };
  const taking = { ingest: take, tenantOf: access.ingest, onFault };
  const sampling = {
    strategies: () => strategies.current().strategies,
    file: () => strategies.current().text,
    tenantOf: access.ingest,
    onFault,
  };
  const asked = dynamoItems(dynamo, table);
  const items = isDynamoEmbedded ? limitCalls(asked, EMBEDDED_CALLS) : asked;
  const batches = itemBatches({ items, clock: CLOCK, random, sleep });
  const store = {
    ...traceReader({ batches, clock: CLOCK, retentionHours }),
    ...nameReader({ batches, clock: CLOCK }),
    ...attributeReader({ batches, clock: CLOCK }),
    ...dependencyReader({ batches, clock: CLOCK, random, retentionHours }),
  };

  const sweeping = new AbortController();
  const { signal } = sweeping;
  const swept = isDynamoEmbedded ? sweepTable({ dynamo, table, clock: CLOCK, log, signal }) : undefined;
  return {
    ingest: take,
    otlp: ingestApp({ ...taking, corsOrigins, strategies: sampling.strategies }).fetch,
    jaeger: jaegerApp(taking, sampling).fetch,
    zipkin: zipkinApp(taking).fetch,
    query: queryApp({ store, clock: CLOCK, tenantOf: access.query, onFault, otlpEndpoint }).fetch,
    sampling: samplingApp(sampling, true).fetch,
    async close() {
      sweeping.abort();
      await swept;
      kinesis.destroy();
      puts.destroy();
      dynamo.destroy();
    },
  };
}
