import { once } from "node:events";
import type { Server } from "node:http";
import type { Running } from "./thread.ts";

export interface EmulatorData {
  /** Its LevelDB folder. */
  readonly path: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Log lines as people or as programs read them. */
  readonly isTerminal: boolean;
}

export interface EmulatorHello {
  readonly endpoint: string;
}

/** It takes any credentials, so nobody else may reach it. */
export const EMULATOR_HOST = "127.0.0.1";

/** Longer than any pause between two requests of ours: a kept connection must not be closed just as it is used again. */
const KEEP_ALIVE_MILLIS = 600_000;

/**
 * Puts an emulator on a port of the loopback.
 *
 * @param port 0 for any free one
 */
export async function serveEmulator(server: Server, port = 0): Promise<Running<EmulatorHello>> {
  server.keepAliveTimeout = KEEP_ALIVE_MILLIS;
  server.listen(port, EMULATOR_HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the emulator has no port");
  const hello: EmulatorHello = { endpoint: `http://${EMULATOR_HOST}:${address.port}` };
  return {
    hello,
    close: () =>
      new Promise((resolve, reject) => {
        // Closes the database too, which is why it has to be waited for.
        server.close((error) => (error === undefined || error === null ? resolve() : reject(error)));
        server.closeIdleConnections();
      }),
  };
}
