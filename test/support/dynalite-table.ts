import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, paginateScan, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import type { Items, Registers } from "../../lib/store/items.ts";
import { BODY, PARTITION_KEY, SORT_KEY, tableSchema } from "../../lib/store/table.ts";

export interface DynaliteTable {
  readonly items: Items & Registers;
  readonly url: string;
  readonly table: string;
  /** Everything that it holds. */
  stored(): Promise<{ readonly pk: string; readonly sk: Uint8Array; readonly body: Uint8Array }[]>;
  close(): Promise<void>;
}

/** A table in the memory of an emulator of this process, spoken to through the real client over a real socket. */
export async function dynaliteTable(): Promise<DynaliteTable> {
  // No path is in memory.
  const server = dynalite({ path: "", createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const client = dynamoClient({
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  const TableName = "spans";
  await client.send(new CreateTableCommand({ TableName, ...tableSchema() }));
  await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.05 }, { TableName });
  return {
    ...{ items: dynamoItems(client, TableName), url, table: TableName },
    async stored() {
      const found = [];
      for await (const { Items: page = [] } of paginateScan({ client }, { TableName }))
        for (const item of page)
          found.push({
            pk: item[PARTITION_KEY]?.S ?? "",
            sk: item[SORT_KEY]?.B ?? new Uint8Array(),
            body: item[BODY]?.B ?? new Uint8Array(),
          });
      return found;
    },
    close: async () => {
      client.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
