import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Quarantine } from "../../lib/stream/port.ts";

/** Two files a record, named by shard and number: the record as the stream held it, and why it was set aside. */
export function quarantineFolder(folder: string): Quarantine {
  return {
    async keep(shardId, { sequenceNumber, data, arrivedMillis }, reason) {
      await mkdir(folder, { recursive: true });
      const path = join(folder, `${shardId}-${sequenceNumber}`);
      const note = { shardId, sequenceNumber, arrived: new Date(arrivedMillis).toISOString(), reason };
      await writeWhole(`${path}.record`, data);
      await writeWhole(`${path}.json`, `${JSON.stringify(note, undefined, 2)}\n`);
    },
  };
}

/** Under its name a file is whole, or not there. */
async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  await writeFile(`${path}.part`, content, { flush: true });
  await rename(`${path}.part`, path);
}
