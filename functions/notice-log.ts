import type { Log } from "../lib/runtime/log.ts";
import type { ReaderNotice } from "../lib/stream/reader.ts";

const WORDS: Readonly<Record<ReaderNotice["kind"], readonly [level: "error" | "warn", message: string]>> = {
  excluded: ["error", "a record was set aside"],
  lost: ["error", "records are lost"],
  dropped: ["warn", "spans outside retention were dropped"],
  refused: ["warn", "spans that ingest would not have taken were left out"],
  waiting: ["warn", "names of services and operations wait for a later plan"],
};

/** Writes what a reader gives notice of, with its counts, where the operator looks. */
export const noticeLog =
  (log: Log) =>
  (notice: ReaderNotice): void => {
    const [level, message] = WORDS[notice.kind];
    log[level](message, notice);
  };
