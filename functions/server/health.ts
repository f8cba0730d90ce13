import { Hono } from "hono";
import type { Clock } from "../../lib/model/time.ts";

export type Phase = "starting" | "ready" | "stopping";

/** Names of the Collector's component statuses, which its healthcheckv2 extension answers with. */
const STATUS: Readonly<Record<Phase, string>> = {
  starting: "StatusStarting",
  ready: "StatusOK",
  stopping: "StatusStopping",
};

/** 200 while traffic may come, 503 otherwise, at the paths and in the shape of the Collector's health checks. */
export function healthApp(phase: () => Phase, clock: Clock): Hono {
  const app = new Hono();
  const startTime = new Date(clock()).toISOString();
  for (const path of ["/", "/status"])
    app.get(path, (c) => {
      const now = phase();
      const isReady = now === "ready";
      return c.json({ start_time: startTime, healthy: isReady, status: STATUS[now] }, isReady ? 200 : 503);
    });
  return app;
}
