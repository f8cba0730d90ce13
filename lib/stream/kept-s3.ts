import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  NoSuchKey,
  type S3Client,
} from "@aws-sdk/client-s3";
import { compareNotes, type KeptNote, type KeptRecords, readNote } from "./kept-records.ts";
import { noteKey, recordKey } from "./quarantine-s3.ts";

/**
 * What {@link quarantineBucket} set aside.
 *
 * @param prefix as there: the objects of one stream
 */
export function keptInBucket(client: S3Client, Bucket: string, prefix = ""): KeptRecords {
  async function* keys(): AsyncGenerator<string> {
    let token: string | undefined;
    do {
      const page: ListObjectsV2CommandOutput = await client.send(
        new ListObjectsV2Command({ Bucket, Prefix: prefix, ...(token !== undefined && { ContinuationToken: token }) }),
      );
      for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async function bytes(Key: string): Promise<Uint8Array | undefined> {
    try {
      return await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray();
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  const remove = async (Key: string): Promise<void> => {
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
  };

  return {
    async notes() {
      const found: KeptNote[] = [];
      for await (const key of keys()) {
        // Another stream's stand below a prefix of its own, and a prefix may begin with nothing.
        if (!/^[^/]+\/\d+\.json$/.test(key.slice(prefix.length))) continue;
        const text = await bytes(key);
        const note = text && readNote(Buffer.from(text).toString());
        if (note !== undefined && key === noteKey(prefix, note)) found.push(note);
      }
      return found.sort(compareNotes);
    },
    data: (note) => bytes(recordKey(prefix, note)),
    removeData: (note) => remove(recordKey(prefix, note)),
    removeNote: (note) => remove(noteKey(prefix, note)),
  };
}
