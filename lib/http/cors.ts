import type { MiddlewareHandler } from "hono";
import { cors as honoCors } from "hono/cors";

/** How long a browser may remember what it was allowed; two hours is the longest that Chromium does. */
const MAX_AGE_SECONDS = 7200;

/** What a page may read of an answer beside what all may: gRPC-web's status, and when to come back. */
const EXPOSED = ["grpc-status", "grpc-message", "grpc-status-details-bin", "retry-after"];

/**
 * Lets web pages of these origins send spans (Fetch standard, "CORS protocol"), with whatever headers they need.
 * @param origins exact, or with `*` for any port or one label of a host: `http://localhost:*`, `https://*.example.com`
 */
export function cors(origins: readonly string[]): MiddlewareHandler {
  const patterns = origins.map(originPattern);
  return honoCors({
    origin: (origin) => (patterns.some((pattern) => pattern.test(origin)) ? origin : null),
    allowMethods: ["POST", "GET"],
    exposeHeaders: EXPOSED,
    maxAge: MAX_AGE_SECONDS,
  });
}

const originPattern = (origin: string): RegExp => new RegExp(`^${origin.split("*").map(escaped).join("[a-z0-9-]+")}$`);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
