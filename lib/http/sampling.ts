import { type Context, Hono } from "hono";
import { invalid, MEANING, TracingError } from "../model/errors.ts";
import { strategyResponse } from "../sampling/response.ts";
import { type Strategies, strategyFor } from "../sampling/strategies.ts";
import { challenge, plainText, shownFault } from "./failure.ts";
import type { TenantOf } from "./tenant-of.ts";

export interface SamplingAppParts {
  /** Asked each time, for they are reloaded. */
  readonly strategies: () => Strategies;
  /** The file that they were read from, as the Collector's own sampling extension reads it. */
  readonly file: () => string;
  readonly tenantOf: TenantOf;
  readonly onFault: (error: unknown) => void;
}

/** Where the strategies file is served. */
export const STRATEGIES_PATH = "/sampling/strategies.json";

/** Paths on which clients of all ages ask: today's and the agent's, the oldest ones', the old collector's. */
const PATHS = ["/sampling", "/api/sampling"];

/**
 * Jaeger's remote sampling over HTTP (jaeger-wire 4.7).
 * @param rootAnswers where nothing else is served, `/` answers too: the Java client asks there
 */
export function samplingApp(parts: SamplingAppParts, rootAnswers: boolean): Hono {
  const { strategies, file, tenantOf, onFault } = parts;
  const app = new Hono();
  app.get(STRATEGIES_PATH, async (c) => {
    await tenantOf(c.req.raw);
    return c.body(file(), 200, { "Content-Type": "application/json", "Cache-Control": "no-cache" });
  });
  const paths = rootAnswers ? [...PATHS, "/"] : PATHS;
  for (const path of paths)
    app.get(path, async (c) => {
      await tenantOf(c.req.raw);
      const services = new URL(c.req.url).searchParams.getAll("service").filter((service) => service !== "");
      const [service] = services;
      if (service === undefined || services.length > 1) throw invalid("'service' parameter must be provided once");
      return c.json(strategyResponse(strategyFor(strategies(), service)));
    });
  for (const path of [STRATEGIES_PATH, ...paths])
    app.all(path, (c) => {
      c.header("Allow", "GET, HEAD");
      throw new TracingError("method_not_allowed", `method not allowed: ${c.req.method}, expected GET`);
    });
  app.onError((error, c) => fail(c, error, onFault));
  return app;
}

function fail(c: Context, error: unknown, onFault: (error: unknown) => void): Response {
  const known = shownFault(error);
  const meant = MEANING[known.code].http;
  // The Collector's extension takes 503 for a file that says nothing, and lets go of the one it has.
  const status = meant === 503 ? 500 : meant;
  if (status >= 500) onFault(error);
  challenge(c, known);
  return plainText(c, status, `${known.message}\n`);
}
