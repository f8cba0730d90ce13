import { type Context, Hono } from "hono";
import { faultEnvelope } from "../jaeger/envelope.ts";
import { invalid } from "../model/errors.ts";
import type { Clock } from "../model/time.ts";
import { type ShowSettings, tracesSearch } from "../pipeline/search.ts";
import type { AttributeNames, Dependencies, Names, TraceReader } from "../store/port.ts";
import { failure, plainText } from "./failure.ts";
import { queryPage } from "./page.ts";
import { queryV1 } from "./query-v1.ts";
import { queryV3 } from "./query-v3.ts";
import type { TenantOf } from "./tenant-of.ts";

export interface QueryAppParts {
  readonly store: TraceReader & Names & AttributeNames & Dependencies;
  readonly clock: Clock;
  /** Whose traces a request may see. */
  readonly tenantOf: TenantOf;
  /** Told of every fault that is not the client's. */
  readonly onFault: (error: unknown) => void;
  /** Where spans go, as the page tells people; by default port 4318 of the page's own host. */
  readonly otlpEndpoint?: string;
  /** A path that stands before all others, as Jaeger's base_path: "/jaeger". */
  readonly basePath?: string;
  readonly settings?: ShowSettings;
}

/** The read side: Jaeger's HTTP API and one page for people. Each generation of the API is an app of its own, mounted here. */
export function queryApp({
  store,
  clock,
  tenantOf,
  onFault,
  otlpEndpoint,
  basePath = "",
  settings,
}: QueryAppParts): Hono {
  const base = checkedBasePath(basePath);
  const search = tracesSearch(store, settings);
  const page = queryPage({ base, otlpEndpoint });
  const app = new Hono();
  const showPage = () => new Response(page.html, { headers: page.headers });
  app.get(`${base}/`, showPage);
  if (base !== "") app.get(base, showPage);
  app.route(`${base}/api/v3`, queryV3({ search, names: store, tenantOf, onFault }));
  app.route(`${base}/api`, queryV1({ search, names: store, graph: store, clock, tenantOf, onFault }));
  app.notFound(notFound);
  app.onError((error, c) => failure(c, error, { body: faultEnvelope, onFault }));
  return app;
}

/** Jaeger answers so to every path and method that it does not have. */
const notFound = (c: Context): Response => plainText(c, 404, "404 page not found\n");

function checkedBasePath(path: string): string {
  if (path === "" || path === "/") return "";
  if (!/^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._~-]+)+$/.test(path))
    throw invalid(`base path ${JSON.stringify(path)}: expected "/" and names, without dot segments or an end in "/"`);
  return path;
}
