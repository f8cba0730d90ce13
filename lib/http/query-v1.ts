import { type Context, Hono } from "hono";
import { ENVELOPE_HEAD, envelopeTail, type Fault, listEnvelope } from "../jaeger/envelope.ts";
import { dependenciesRequest, rawParameter, searchRequest, timeHint } from "../jaeger/parameters.ts";
import { tracePieces } from "../jaeger/trace-json.ts";
import { invalid, MEANING } from "../model/errors.ts";
import { parseTraceId, shortTraceId } from "../model/ids.ts";
import { KINDS } from "../model/span.ts";
import type { Clock } from "../model/time.ts";
import type { Operation } from "../model/trace-query.ts";
import type { Finding, Search } from "../pipeline/search.ts";
import type { Dependencies, Names } from "../store/port.ts";
import { shownFault } from "./failure.ts";
import { jsonAnswer, whole } from "./json-answer.ts";
import type { TenantOf } from "./tenant-of.ts";

export interface QueryV1Parts {
  readonly search: Search;
  readonly names: Names;
  readonly graph: Dependencies;
  readonly clock: Clock;
  readonly tenantOf: TenantOf;
  readonly onFault: (error: unknown) => void;
}

const ROUTES = ["/services", "/services/:service/operations", "/operations", "/traces", "/traces/:id", "/dependencies"];

/** Jaeger's first HTTP API, which old UIs, Grafana and Kiali read (jaeger-wire 1.2 to 1.8). */
export function queryV1({ search, names, graph, clock, tenantOf, onFault }: QueryV1Parts): Hono {
  const app = new Hono();
  const parametersOf = (c: Context) => new URL(c.req.url).searchParams;

  app.get("/services", async (c) => {
    const services = await names.services(await tenantOf(c.req.raw));
    return jsonAnswer(c.req.raw, whole(listEnvelope(services)));
  });

  app.get("/services/:service/operations", async (c) => {
    const operations = await names.operations(await tenantOf(c.req.raw), serviceInPath(c));
    return jsonAnswer(c.req.raw, whole(listEnvelope([...new Set(operations.map(({ name }) => name))])));
  });

  app.get("/operations", async (c) => {
    const parameters = parametersOf(c);
    const service = parameters.get("service");
    if (service === null || service === "") throw invalid("parameter 'service' is required");
    const kind = parameters.get("spanKind") ?? "";
    const operations = await names.operations(await tenantOf(c.req.raw), service);
    const shown = operations.map(toJson).filter(({ spanKind }) => kind === "" || spanKind === kind);
    return jsonAnswer(c.req.raw, whole(listEnvelope(shown)));
  });

  app.get("/traces/:id", async (c) => {
    const parameters = parametersOf(c);
    const options = { hint: timeHint(parameters), isRaw: rawParameter(parameters) };
    const trace = await search.trace(await tenantOf(c.req.raw), parseTraceId(c.req.param("id")), options);
    return jsonAnswer(c.req.raw, envelope([{ trace }], onFault));
  });

  app.get("/traces", async (c) => {
    const request = searchRequest(parametersOf(c), clock);
    const findings = search.find(await tenantOf(c.req.raw), request);
    // Before anything is sent a fault still can be a status.
    const first = await findings.next();
    return jsonAnswer(c.req.raw, envelope(resumed(first, findings), onFault));
  });

  app.get("/dependencies", async (c) => {
    const { startMillis, endMillis, service } = dependenciesRequest(parametersOf(c), clock);
    const { edges, isComplete } = await graph.dependencies(await tenantOf(c.req.raw), startMillis, endMillis);
    const shown = edges.filter(({ parent, child }) => service === undefined || parent === service || child === service);
    const links = shown.map(({ parent, child, calls }) => JSON.stringify({ parent, child, callCount: calls }));
    const faults = isComplete ? [] : [{ msg: PARTIAL_GRAPH }];
    return jsonAnswer(c.req.raw, whole(ENVELOPE_HEAD + links.join() + envelopeTail(0, faults)));
  });

  app.on("OPTIONS", ROUTES, (c) => c.body(null, 204, { Allow: "GET, HEAD, OPTIONS" }));
  return app;
}

const PARTIAL_GRAPH =
  "the dependencies are incomplete: there is more to be joined than fits, so calls of the last hours may be missing";

const toJson = ({ name, kind }: Operation) => ({ name, spanKind: KINDS[kind] ?? "" });

/** Jaeger unescapes a service as a path and then once more as a query: clients escape "/" twice, so that proxies let it pass. */
function serviceInPath(c: Context): string {
  const once = c.req.param("service") ?? "";
  try {
    return decodeURIComponent(once.replaceAll("+", " "));
  } catch {
    throw invalid(`service ${JSON.stringify(once)}: not valid percent encoding`);
  }
}

async function* resumed(first: IteratorResult<Finding, void>, rest: AsyncGenerator<Finding>): AsyncGenerator<Finding> {
  try {
    if (first.done) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** The whole answer, trace by trace. A fault in the middle ends it as valid JSON that says so: the status is long sent. */
async function* envelope(
  findings: Iterable<Finding> | AsyncIterable<Finding>,
  onFault: (error: unknown) => void,
): AsyncGenerator<string> {
  const faults: Fault[] = [];
  let nextPageToken: string | undefined;
  let lead = ENVELOPE_HEAD;
  try {
    for await (const finding of findings) {
      if ("gap" in finding) faults.push(toFault(finding.gap));
      else if ("nextPageToken" in finding) nextPageToken = finding.nextPageToken;
      else {
        yield lead;
        yield* tracePieces(finding.trace);
        lead = ",";
      }
    }
  } catch (error) {
    onFault(error);
    faults.push(lateFault(error));
  }
  yield (lead === "," ? "" : lead) + envelopeTail(0, faults, nextPageToken);
}

const toFault = ({ message, traceId }: { message: string; traceId: string | undefined }): Fault =>
  traceId === undefined ? { msg: message } : { msg: message, traceID: shortTraceId(traceId) };

function lateFault(error: unknown): Fault {
  const known = shownFault(error);
  return { code: MEANING[known.code].http, msg: `the answer ends early: ${known.message}` };
}
