/**
 * What stands around every answer of Jaeger's first API: all five keys, always, in this order (jaeger-wire 1.2). After
 * them, where a search goes on, a field of ours that clients of Jaeger pass over.
 */

export interface Fault {
  /** HTTP status; left out where the answer as a whole succeeded. */
  readonly code?: number;
  readonly msg: string;
  /** The trace that it is about, as the caller named it. */
  readonly traceID?: string;
}

/** Text before the elements of `data`. */
export const ENVELOPE_HEAD = '{"data":[';

/** Text after them. */
export const envelopeTail = (total: number, faults: readonly Fault[], nextPageToken?: string): string =>
  `],${rest(total, faults)}${nextPageToken === undefined ? "" : `,"nextPageToken":${JSON.stringify(nextPageToken)}`}}`;

export const listEnvelope = (data: readonly unknown[]): string =>
  `{"data":${JSON.stringify(data)},${rest(data.length, [])}}`;

/** The body of a request that failed. */
export const faultEnvelope = (code: number, msg: string): string => `{"data":null,${rest(0, [{ code, msg }])}}\n`;

const rest = (total: number, faults: readonly Fault[]): string =>
  `"total":${total},"limit":0,"offset":0,"errors":${faults.length === 0 ? "null" : JSON.stringify(faults)}`;
