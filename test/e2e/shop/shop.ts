import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { bareEnvironment, NODE } from "../../support/skua-server.ts";
import type { RecordedSpan } from "./recorded.ts";

const SERVICE = fileURLToPath(new URL("./service.ts", import.meta.url));

export interface Shop {
  /** A purchase: one request to the front, which asks the back. */
  buy(): Promise<void>;
  /** Flushes and ends both services; every span that either recorded. */
  close(): Promise<readonly RecordedSpan[]>;
}

/** Two services, each a process with the unmodified SDK, told where to send by OpenTelemetry's own variables. */
export async function openShop(endpoint: string, env: Readonly<Record<string, string>>): Promise<Shop> {
  const sendThere = bareEnvironment({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  const back = await startService(["shelves"], sendThere);
  const front = await startService(["counter", back.url], sendThere);
  return {
    async buy() {
      await (await fetch(`${front.url}/buy`)).text();
    },
    close: async () => (await Promise.all([front.close(), back.close()])).flat(),
  };
}

async function startService(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = fork(SERVICE, [...args], { execPath: NODE, execArgv: [], env });
  const { port } = await nextMessage<{ port: number }>(child);
  return {
    url: `http://127.0.0.1:${port}`,
    async close(): Promise<readonly RecordedSpan[]> {
      child.send("close");
      const { spans } = await nextMessage<{ spans: readonly RecordedSpan[] }>(child);
      if (child.exitCode === null) await once(child, "exit");
      return spans;
    },
  };
}

async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const message = await Promise.race([once(child, "message"), once(child, "exit").then(() => undefined)]);
  if (message === undefined) throw new Error(`the service ended with code ${child.exitCode}`);
  return message[0];
}
