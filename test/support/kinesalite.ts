import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { CreateStreamCommand, type KinesisClient, SplitShardCommand } from "@aws-sdk/client-kinesis";
import { kinesisClient } from "../../lib/stream/kinesis.ts";

const kinesalite: (options: object) => Server = createRequire(import.meta.url)("kinesalite");

export interface Emulator {
  readonly client: KinesisClient;
  readonly url: string;
  createStream(name: string, shards: number): Promise<void>;
  split(stream: string, shardId: string, at: bigint): Promise<void>;
  close(): Promise<void>;
}

/** A Kinesis in memory on a port of its own, spoken to through the real client. */
export async function openKinesalite(): Promise<Emulator> {
  const server = kinesalite({ createStreamMs: 0, updateStreamMs: 0, deleteStreamMs: 0, shardLimit: 100 });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const client = kinesisClient({
    region: "us-east-1",
    endpoint: url,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve, 20));
  return {
    client,
    url,
    async createStream(name, shards) {
      await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
      await settle();
    },
    async split(stream, shardId, at) {
      await client.send(
        new SplitShardCommand({ StreamName: stream, ShardToSplit: shardId, NewStartingHashKey: at.toString() }),
      );
      await settle();
    },
    async close() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
