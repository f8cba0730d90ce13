import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import type { Items, Registers } from "../../lib/store/items.ts";
import { tableSchema } from "../../lib/store/table.ts";

/** A table in the memory of an emulator of this process, spoken to through the real client over a real socket. */
export async function dynaliteTable(): Promise<{ items: Items & Registers; close: () => Promise<void> }> {
  // No path is in memory.
  const server = dynalite({ path: "", createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = dynamoClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const TableName = "spans";
  await client.send(new CreateTableCommand({ TableName, ...tableSchema() }));
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.05 }, { TableName });
  return {
    items: dynamoItems(client, TableName),
    close: async () => {
      client.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
