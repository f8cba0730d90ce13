import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compareNotes, type KeptNote, type KeptRecords, readNote, writeNote } from "../../lib/stream/kept-records.ts";
import type { Quarantine } from "../../lib/stream/port.ts";

type Named = Pick<KeptNote, "shardId" | "sequenceNumber">;

const noteFile = ({ shardId, sequenceNumber }: Named): string => `${shardId}-${sequenceNumber}.json`;
const recordFile = ({ shardId, sequenceNumber }: Named): string => `${shardId}-${sequenceNumber}.record`;

/** Two files a record, named by shard and number: the record as the stream held it, and why it was set aside. */
export function quarantineFolder(folder: string): Quarantine {
  return {
    async keep(shardId, { sequenceNumber, data, arrivedMillis }, reason) {
      await mkdir(folder, { recursive: true });
      const note = { shardId, sequenceNumber, arrivedMillis, reason };
      await writeWhole(join(folder, recordFile(note)), data);
      await writeWhole(join(folder, noteFile(note)), writeNote(note));
    },
  };
}

/** What {@link quarantineFolder} set aside. */
export function keptInFolder(folder: string): KeptRecords {
  return {
    async notes() {
      const names = await orNothing(readdir(folder));
      const found: KeptNote[] = [];
      for (const name of names ?? []) {
        if (!name.endsWith(".json")) continue;
        const note = readNote(await readFile(join(folder, name), "utf8"));
        if (note !== undefined && name === noteFile(note)) found.push(note);
      }
      return found.sort(compareNotes);
    },
    data: (note) => orNothing(readFile(join(folder, recordFile(note)))),
    removeData: (note) => rm(join(folder, recordFile(note)), { force: true }),
    removeNote: (note) => rm(join(folder, noteFile(note)), { force: true }),
  };
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Under its name a file is whole, or not there. */
async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  await writeFile(`${path}.part`, content, { flush: true });
  await rename(`${path}.part`, path);
}
