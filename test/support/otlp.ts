import { randomBytes } from "node:crypto";

export interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; now when left out. */
  readonly startMillis?: number;
}

export const newTraceId = (): string => randomBytes(16).toString("hex");
export const newSpanId = (): string => randomBytes(8).toString("hex");

/** An ExportTraceServiceRequest as people write it by hand: JSON. */
export const exportRequest = (service: string, spans: readonly SentSpan[]): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [stringAttribute("service.name", service)] },
        scopeSpans: [{ spans: spans.map(jsonSpan) }],
      },
    ],
  });

function jsonSpan({ tags = {}, startMillis = Date.now(), ...span }: SentSpan) {
  const start = BigInt(Math.trunc(startMillis)) * 1_000_000n;
  return {
    ...span,
    kind: 2,
    startTimeUnixNano: String(start),
    endTimeUnixNano: String(start + 5_000_000n),
    attributes: Object.entries(tags).map(([key, value]) => stringAttribute(key, value)),
  };
}

const stringAttribute = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** Posts a request; its status, whatever it is. */
export async function post(
  otlp: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
) {
  const answer = await fetch(`${otlp}/v1/traces`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body,
  });
  return { status: answer.status, text: await answer.text() };
}

export interface ShownTrace {
  readonly traceID: string;
  readonly spans: readonly { readonly spanID: string; readonly operationName: string }[];
}

/** The start of what tests look at, microseconds since the epoch: searches without it go two days back. */
const anHourAgo = (): string => String((Date.now() - 3_600_000) * 1_000);

/** Where Jaeger lets a caller say that a trace lies. */
export const lately = (): string => `?start=${anHourAgo()}`;

/** The trace as the query API shows it; undefined when it is not found. */
export async function traceById<T extends ShownTrace = ShownTrace>(
  query: string,
  id: string,
  hint = "",
): Promise<T | undefined> {
  const answer = await fetch(`${query}/api/traces/${id}${hint}`);
  if (answer.status === 404) return undefined;
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`trace ${id}: ${answer.status} ${text}`);
  const { data }: { data: readonly T[] } = JSON.parse(text);
  return data[0];
}

export async function search<T extends ShownTrace = ShownTrace>(
  query: string,
  parameters: Readonly<Record<string, string>>,
): Promise<readonly T[]> {
  const answer = await fetch(`${query}/api/traces?${new URLSearchParams({ start: anHourAgo(), ...parameters })}`);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`search: ${answer.status} ${text}`);
  const { data }: { data: readonly T[] } = JSON.parse(text);
  return data;
}

/** Asks until there is an answer, every few milliseconds. */
export async function until<T>(ask: () => Promise<T | undefined>, what: string, waitMillis = 15_000): Promise<T> {
  const end = performance.now() + waitMillis;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`no ${what} within ${waitMillis} ms`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The trace once it has so many spans. */
export const wholeTrace = <T extends ShownTrace = ShownTrace>(
  query: string,
  id: string,
  spans: number,
  hint = "",
): Promise<T> =>
  until(async () => {
    const trace = await traceById<T>(query, id, hint);
    return trace?.spans.length === spans ? trace : undefined;
  }, `trace ${id} of ${spans} spans`);

/** All traces of a service's last hour, once there are at least so many. By trace id. */
export const allTraces = async (
  query: string,
  service: string,
  traces: number,
): Promise<ReadonlyMap<string, ShownTrace>> => {
  const found = await until(
    async () => {
      const shown = await search(query, { service, limit: "1000" });
      return shown.length >= traces ? shown : undefined;
    },
    `search with ${traces} traces of ${service}`,
    60_000,
  );
  return new Map(found.map((trace) => [trace.traceID, trace]));
};
