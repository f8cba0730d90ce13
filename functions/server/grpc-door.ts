import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import type { Server } from "@grpc/grpc-js";
import { type DoorParts, listen, urlOf } from "./door.ts";

/** A port that speaks gRPC. Like {@link Door} it opens before there is anything behind it. */
export interface GrpcDoor {
  /** With the port that was really taken. */
  readonly url: string;
  /** Until this is called, callers wait: their calls are answered once there is something to answer them. */
  serve(server: Server, hand: (connection: Socket) => void): void;
  /** Takes no new connections, lets calls finish for `waitMillis`, then cuts them off. */
  close(waitMillis: number): Promise<void>;
}

export async function openGrpcDoor(parts: DoorParts): Promise<GrpcDoor> {
  const waiting = new Set<Socket>();
  const connections = new Set<Socket>();
  let served: Server | undefined;
  let take = (connection: Socket): void => {
    waiting.add(connection);
  };
  // Nothing is read of a connection before whoever understands it has it.
  const listener = createServer({ pauseOnConnect: true, noDelay: true }, (connection) => {
    connections.add(connection);
    connection.once("close", () => {
      connections.delete(connection);
      waiting.delete(connection);
    });
    // One that breaks is closed, and that is all there is to say.
    connection.on("error", () => undefined);
    take(connection);
  });
  const port = await listen(listener, parts);
  return {
    url: urlOf(parts.host, port),
    serve(server, hand) {
      served = server;
      take = (connection) => {
        hand(connection);
        // HTTP/2 takes the bytes themselves, but leaves it to others to have them read.
        connection.resume();
      };
      for (const connection of waiting) take(connection);
      waiting.clear();
    },
    async close(waitMillis) {
      const closed = once(listener, "close");
      listener.close();
      for (const connection of waiting) connection.destroy();
      const late = setTimeout(() => {
        served?.forceShutdown();
        for (const connection of connections) connection.destroy();
      }, waitMillis);
      served?.tryShutdown(() => undefined);
      await closed;
      clearTimeout(late);
    },
  };
}
