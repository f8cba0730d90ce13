import type { Log } from "../../lib/runtime/log.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Something that may happen thousands of times a second. */
export interface Happening {
  readonly level: "warn" | "error";
  readonly message: string;
  /** What tells it from others of the same message. */
  readonly by: Readonly<Record<string, string>>;
  /** What of it is counted. */
  readonly counts: Readonly<Record<string, number>>;
  /** More about this one; of several, the first is told. */
  readonly why?: Fields;
}

export interface SummedLog {
  tell(happening: Happening): void;
  /** Tells at once what has not been told. */
  close(): void;
}

interface Sum {
  readonly first: Happening;
  readonly counts: Record<string, number>;
}

/**
 * Tells of the first at once, and of those that follow together, a line an interval: whoever sends rubbish must not fill the disk
 * that spans are kept on.
 */
export function summedLog(log: Log, everyMillis: number): SummedLog {
  /** By what happens; undefined where nothing has since the last line. */
  const sums = new Map<string, { sum: Sum | undefined; timer: NodeJS.Timeout }>();

  function flush(key: string): void {
    const held = sums.get(key);
    if (held === undefined) return;
    if (held.sum === undefined) {
      clearInterval(held.timer);
      sums.delete(key);
      return;
    }
    const { level, message, by, why } = held.sum.first;
    log[level](message, { ...by, ...held.sum.counts, ...why, withinSeconds: everyMillis / 1000 });
    held.sum = undefined;
  }

  return {
    tell(happening) {
      const { level, message, by, counts, why } = happening;
      const key = JSON.stringify([message, by]);
      const held = sums.get(key);
      if (held === undefined) {
        log[level](message, { ...by, ...counts, ...why });
        // It alone keeps no process alive.
        sums.set(key, { sum: undefined, timer: setInterval(flush, everyMillis, key).unref() });
        return;
      }
      if (held.sum === undefined) held.sum = { first: happening, counts: { ...counts } };
      else
        for (const [name, count] of Object.entries(counts))
          held.sum.counts[name] = (held.sum.counts[name] ?? 0) + count;
    },
    close() {
      for (const [key, { timer }] of [...sums]) {
        flush(key);
        clearInterval(timer);
      }
      sums.clear();
    },
  };
}
