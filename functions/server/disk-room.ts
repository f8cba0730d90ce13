import { statfsSync } from "node:fs";
import { TracingError } from "../../lib/model/errors.ts";
import type { Clock } from "../../lib/model/time.ts";
import type { Log } from "../../lib/runtime/log.ts";

export interface Disk {
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

export interface DiskRoomParts {
  readonly look: () => Disk;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What spans leave free: what is in the stream has yet to be indexed and merged, and the databases need room of their own to
 * give any back, for LevelDB writes before it deletes. One that meets a full disk ends, and cannot be opened again.
 */
const RESERVE_BYTES = 256 * 1024 * 1024;
/** Of a disk that is small. */
const MAX_RESERVE_SHARE = 0.4;
/** They are taken again once this much more is free, so that a compaction does not open and shut the doors. */
const RESUME_SHARE = 1.25;

/** A look costs some microseconds; in this time no more comes in than the reserve holds by far. */
const TRUST_MILLIS = 100;

/** Whether there is room for spans. Says so when that changes. */
export function diskRoom({ look, clock, log }: DiskRoomParts): () => boolean {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let hasRoom = true;
  return () => {
    const now = clock();
    if (Math.abs(now - lookedAt) < TRUST_MILLIS) return hasRoom;
    lookedAt = now;
    const { freeBytes, sizeBytes } = look();
    const reserveBytes = Math.min(RESERVE_BYTES, Math.floor(sizeBytes * MAX_RESERVE_SHARE));
    const had = hasRoom;
    hasRoom = freeBytes >= (had ? reserveBytes : reserveBytes * RESUME_SHARE);
    if (had && !hasRoom)
      log.error("the disk of the data folder is all but full: no spans are taken until there is room", {
        freeBytes,
        reserveBytes,
      });
    if (!had && hasRoom) log.info("there is room on the disk again: spans are taken", { freeBytes });
    return hasRoom;
  };
}

/** Room comes with the sweep of an hour, or from a person. */
const NO_ROOM_SECONDS = 30;

/** The answer to whoever sends spans meanwhile. */
export class NoRoom extends TracingError {
  constructor() {
    super("unavailable", "the server's disk is full", { retryAfterSeconds: NO_ROOM_SECONDS });
    this.name = "NoRoom";
  }
}

/** Tells of every fault but of a full disk, which is told once. */
export const exceptNoRoom =
  (tell: (error: unknown) => void) =>
  (error: unknown): void => {
    if (!(error instanceof NoRoom)) tell(error);
  };

/** The disk that the folder is on, as far as this user may fill it. */
export function diskOf(folder: string): Disk {
  const { bavail, blocks, bsize } = statfsSync(folder);
  return { freeBytes: bavail * bsize, sizeBytes: blocks * bsize };
}
