import { setTimeout as sleep } from "node:timers/promises";

/** A type of Jaeger's JSON, and the value. */
export type Tag = readonly [type: string, value: unknown];

/** What is compared: nothing that only this run could know. */
export interface ShownTrace {
  /** Oldest first. */
  readonly spans: readonly ShownSpan[];
}

export interface ShownSpan {
  readonly name: string;
  /** Milliseconds after the trace began and until the span ended, for clients that can be told their times. */
  readonly at?: number;
  readonly millis?: number;
  /** Type and name of the span that is meant. */
  readonly references: readonly (readonly [type: string, name: string])[];
  readonly tags: Readonly<Record<string, Tag>>;
  readonly logs: readonly { readonly at?: number; readonly fields: Readonly<Record<string, Tag>> }[];
  readonly process: { readonly service: string; readonly tags: Readonly<Record<string, Tag>> };
}

interface JaegerTag {
  readonly key: string;
  readonly type: string;
  readonly value: unknown;
}

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly {
    readonly spanID: string;
    readonly operationName: string;
    readonly startTime: number;
    readonly duration: number;
    readonly references: readonly { readonly refType: string; readonly spanID: string; readonly traceID: string }[];
    readonly tags: readonly JaegerTag[];
    readonly logs: readonly { readonly timestamp: number; readonly fields: readonly JaegerTag[] }[];
    readonly processID: string;
    readonly warnings: readonly string[] | null;
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags: readonly JaegerTag[] }>>;
}

/** From the client's end until all it sent is to be read, on a machine with other things to do. */
const VISIBLE_MILLIS = 15_000;

/** The trace, once it has that many spans; `token` is for servers that ask for one. */
export async function readTrace(query: string, id: string, spans: number, token = ""): Promise<JaegerTrace> {
  const headers: Record<string, string> = token === "" ? {} : { Authorization: `Bearer ${token}` };
  let text = "";
  for (const end = Date.now() + VISIBLE_MILLIS; Date.now() < end; await sleep(150)) {
    const answer = await fetch(`${query}/api/traces/${id}`, { headers });
    text = await answer.text();
    if (!answer.ok) continue;
    const [trace]: JaegerTrace[] = JSON.parse(text).data;
    if (trace !== undefined && trace.spans.length >= spans) return trace;
  }
  throw new Error(`trace ${id} with ${spans} spans: not within ${VISIBLE_MILLIS} ms; the last answer was ${text}`);
}

/** All traces of a service. */
export async function readTraces(query: string, service: string): Promise<JaegerTrace[]> {
  const answer = await fetch(`${query}/api/traces?service=${encodeURIComponent(service)}&limit=1500`);
  return JSON.parse(await answer.text()).data;
}

/**
 * `start` is when the client says that it began, in Unix milliseconds; undefined for one whose times are its own. Times are
 * compared in milliseconds: Python's floats are a microsecond short at times.
 */
export function shown({ spans, processes, traceID }: JaegerTrace, start: number | undefined): ShownTrace {
  const names = new Map(spans.map(({ spanID, operationName }) => [spanID, operationName]));
  // A microsecond early is not -0.
  const after = (micros: number) => (start === undefined ? {} : { at: Math.round(micros / 1000 - start) + 0 });
  return {
    spans: spans
      .toSorted((a, b) => a.startTime - b.startTime)
      .map((span) => {
        if (span.warnings !== null) throw new Error(`${span.operationName}: ${span.warnings}`);
        return {
          name: span.operationName,
          ...after(span.startTime),
          ...(start === undefined ? {} : { millis: Math.round(span.duration / 1000) }),
          references: span.references.map(
            ({ refType, spanID, traceID: other }) =>
              [refType, other === traceID ? (names.get(spanID) ?? spanID) : `${other}:${spanID}`] as const,
          ),
          tags: tagsOf(span.tags),
          logs: span.logs.map(({ timestamp, fields }) => ({ ...after(timestamp), fields: tagsOf(fields) })),
          process: processOf(processes[span.processID]),
        };
      }),
  };
}

function processOf(process: JaegerTrace["processes"][string] | undefined): ShownSpan["process"] {
  if (process === undefined) throw new Error("a span without a process");
  return { service: process.serviceName, tags: tagsOf(process.tags) };
}

const MACHINES: Readonly<Record<string, RegExp>> = {
  ip: /^\d+\.\d+\.\d+\.\d+$/,
  "host.name": /^[\w.-]+$/,
  "client-uuid": /^[0-9a-f-]{10,36}$/,
};

/** What says which machine and which process it was stands for itself; the second tag of one key has `#2` behind it. */
function tagsOf(tags: readonly JaegerTag[]): Record<string, Tag> {
  const byKey: Record<string, Tag> = {};
  for (const { key, type, value } of tags) {
    const isOwn = MACHINES[key]?.test(String(value)) === true;
    byKey[key in byKey ? `${key}#2` : key] = [type, isOwn ? "own" : value];
  }
  return byKey;
}
