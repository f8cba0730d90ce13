import { type Context, Hono } from "hono";
import { faultEnvelopeV3, RESULT_HEAD, resultTail, summariesEnvelope } from "../jaeger/envelope-v3.ts";
import { searchRequestV3, spanKindV3, traceRequestV3 } from "../jaeger/parameters-v3.ts";
import { type TraceSummary, traceSummary } from "../jaeger/trace-summary.ts";
import { withWarningAttributes } from "../jaeger/warnings.ts";
import { MEANING, TracingError } from "../model/errors.ts";
import { KINDS } from "../model/span.ts";
import type { Operation } from "../model/trace-query.ts";
import { resourceSpansPieces } from "../otlp/trace-to-json.ts";
import type { Finding, Search } from "../pipeline/search.ts";
import type { AttributeNames, Names } from "../store/port.ts";
import { failure, shownFault } from "./failure.ts";
import { jsonAnswer, whole } from "./json-answer.ts";
import type { TenantOf } from "./tenant-of.ts";

export interface QueryV3Parts {
  readonly search: Search;
  readonly names: Names & AttributeNames;
  readonly tenantOf: TenantOf;
  readonly onFault: (error: unknown) => void;
}

const ROUTES = [
  "/services",
  "/operations",
  "/attributes",
  "/attributes/:key/values",
  "/traces",
  "/traces/:id",
  "/trace-summaries",
];

const NO_TRACES = "No traces found";

/** Jaeger's third HTTP API: OTLP instead of Jaeger's own model, and what today's UI lists and searches with (jaeger-wire 1.9). */
export function queryV3({ search, names, tenantOf, onFault }: QueryV3Parts): Hono {
  const app = new Hono();
  const parametersOf = (c: Context) => new URL(c.req.url).searchParams;

  app.get("/services", async (c) => {
    const services = await names.services(await tenantOf(c.req.raw));
    return jsonAnswer(c.req.raw, whole(JSON.stringify({ services })));
  });

  app.get("/operations", async (c) => {
    const parameters = parametersOf(c);
    const operations = await names.operations(await tenantOf(c.req.raw), parameters.get("service") ?? "");
    const shown = shownOperations(operations, spanKindV3(parameters));
    return jsonAnswer(c.req.raw, whole(JSON.stringify({ operations: shown })));
  });

  app.get("/attributes", async (c) => {
    const known = await names.attributes(await tenantOf(c.req.raw), serviceOf(parametersOf(c)));
    const attributes = known.map(({ key, types, levels }) => ({ key, types, levels }));
    return jsonAnswer(c.req.raw, whole(JSON.stringify({ attributes })));
  });

  app.get("/attributes/:key/values", async (c) => {
    const parameters = parametersOf(c);
    const known = await names.attributes(await tenantOf(c.req.raw), serviceOf(parameters));
    const all = known.find(({ key }) => key === c.req.param("key"))?.values ?? [];
    const prefix = parameters.get("prefix") ?? "";
    const values = all.filter((value) => value.startsWith(prefix));
    return jsonAnswer(c.req.raw, whole(JSON.stringify({ values })));
  });

  app.get("/traces/:id", async (c) => {
    const request = traceRequestV3(c.req.param("id"), parametersOf(c));
    const findings = await found(search.find(await tenantOf(c.req.raw), request));
    return jsonAnswer(c.req.raw, result(findings, onFault));
  });

  app.get("/traces", async (c) => {
    const request = searchRequestV3(parametersOf(c));
    const findings = await found(search.find(await tenantOf(c.req.raw), request), request.pageToken !== undefined);
    return jsonAnswer(c.req.raw, result(findings, onFault));
  });

  app.get("/trace-summaries", async (c) => {
    const request = searchRequestV3(parametersOf(c));
    const summaries: TraceSummary[] = [];
    const warnings: string[] = [];
    let nextPageToken: string | undefined;
    // Collected, for they are small: a fault is a status then, and the UI has no eye for anything else.
    for await (const finding of search.find(await tenantOf(c.req.raw), { ...request, isRaw: false })) {
      if ("gap" in finding) warnings.push(finding.gap.message);
      else if ("nextPageToken" in finding) nextPageToken = finding.nextPageToken;
      else summaries.push(traceSummary(finding.trace));
    }
    return jsonAnswer(c.req.raw, whole(summariesEnvelope(summaries, { warnings, nextPageToken })));
  });

  app.on("OPTIONS", ROUTES, (c) => c.body(null, 204, { Allow: "GET, HEAD, OPTIONS" }));
  app.onError((error, c) => failure(c, error, { body: faultEnvelopeV3, onFault }));
  return app;
}

/** Undefined for all of them. */
const serviceOf = (parameters: URLSearchParams): string | undefined => parameters.get("service") || undefined;

/** A kind that is not stated is shown as internal, over HTTP only (jaeger-wire 1.8): so it is filtered, and so two may become one. */
function shownOperations(operations: readonly Operation[], kind: string | undefined) {
  const shown = new Map<string, { readonly name: string; readonly spanKind: string }>();
  for (const operation of operations) {
    const spanKind = KINDS[operation.kind] || "internal";
    if (kind === undefined || spanKind === kind)
      shown.set(`${spanKind} ${operation.name}`, { name: operation.name, spanKind });
  }
  return [...shown.values()];
}

/**
 * The findings, if there is a trace or a further page may bring one; nothing found is a 404 here, for a search as for an
 * id, unless it is what comes after a page that had traces.
 */
async function found(findings: AsyncGenerator<Finding>, isLaterPage = false): Promise<AsyncGenerator<Finding>> {
  const first: Finding[] = [];
  for (;;) {
    const { value, done } = await findings.next();
    if (done) break;
    first.push(value);
    if (!("gap" in value)) return resumed(first, findings);
  }
  if (isLaterPage) return resumed(first, findings);
  // A gap that is about no trace in particular: the search could not see everything.
  const gap = first.flatMap((each) => ("gap" in each && each.gap.traceId === undefined ? each.gap.message : []));
  throw new TracingError("not_found", [NO_TRACES, ...gap].join("; "));
}

async function* resumed(first: readonly Finding[], rest: AsyncGenerator<Finding>): AsyncGenerator<Finding> {
  try {
    yield* first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** All traces as one object, sent trace by trace. A fault in the middle ends it as valid JSON that says so: the status is long sent. */
async function* result(findings: AsyncGenerator<Finding>, onFault: (error: unknown) => void): AsyncGenerator<string> {
  const warnings: string[] = [];
  let nextPageToken: string | undefined;
  let lead = RESULT_HEAD;
  try {
    for await (const finding of findings) {
      if ("gap" in finding) warnings.push(finding.gap.message);
      else if ("nextPageToken" in finding) nextPageToken = finding.nextPageToken;
      else {
        yield lead;
        yield* resourceSpansPieces(withWarningAttributes(finding.trace));
        lead = ",";
      }
    }
  } catch (error) {
    onFault(error);
    const known = shownFault(error);
    const message = `the answer ends early: ${known.message}`;
    yield resultTail({ warnings, error: { httpCode: MEANING[known.code].http, message } });
    return;
  }
  if (lead === RESULT_HEAD) yield lead;
  yield resultTail({ warnings, nextPageToken });
}
