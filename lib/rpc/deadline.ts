import { invalid, TracingError } from "../model/errors.ts";

const MILLIS_PER_UNIT: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** The longest that Node's timers wait: 24 days. */
const LONGEST_MILLIS = 2 ** 31 - 1;

/** `grpc-timeout` (grpc/doc/PROTOCOL-HTTP2.md, "Timeout") in milliseconds, at least 1; undefined when the caller waits for ever. */
export function timeoutMillis(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits = "", unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? [];
  const millis = MILLIS_PER_UNIT[unit];
  if (millis === undefined) throw invalid(`grpc-timeout ${text}: expected up to eight digits and one of H M S m u n`);
  return Math.min(LONGEST_MILLIS, Math.max(1, Math.ceil(Number(digits) * millis)));
}

/** What the work comes to; throws deadline_exceeded once the signal is aborted. What the work does then, nobody hears of. */
export async function before<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let expire: () => void = () => undefined;
  const expired = new Promise<never>((_, reject) => {
    expire = () => reject(new TracingError("deadline_exceeded", "the call's deadline has passed"));
  });
  if (signal.aborted) expire();
  signal.addEventListener("abort", expire, { once: true });
  try {
    return await Promise.race([expired, work]);
  } finally {
    signal.removeEventListener("abort", expire);
  }
}

/** Each part that the work comes to, up to the same end. */
export async function* eachBefore<T>(signal: AbortSignal, parts: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = parts[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await before(signal, iterator.next());
      if (done === true) return;
      yield value;
    }
  } finally {
    // One that is in the middle of something ends after that: nobody waits for it.
    iterator.return?.().catch(() => undefined);
  }
}
