/** What stands around the answers of Jaeger's third API (jaeger-wire 1.9). */

/** Text before the elements of `resourceSpans`: all traces of an answer in one object. */
export const RESULT_HEAD = '{"result":{"resourceSpans":[';

/** What an answer says beside its data; all are fields of ours, which clients of Jaeger pass over. */
export interface Remarks {
  /** What the answer lacks. */
  readonly warnings: readonly string[];
  /** Why it ends early; its status was sent before. */
  readonly error?: FaultV3;
  /** What the rest of a search is asked for with. */
  readonly nextPageToken?: string | undefined;
}

interface FaultV3 {
  readonly httpCode: number;
  readonly message: string;
}

/** Text after them. */
export const resultTail = (remarks: Remarks): string => `]}${remarksJson(remarks)}}`;

export const summariesEnvelope = (summaries: readonly unknown[], remarks: Remarks): string =>
  `{"summaries":${JSON.stringify(summaries)}${remarksJson(remarks)}}`;

/** The body of a request that failed. */
export const faultEnvelopeV3 = (httpCode: number, message: string): string =>
  `${JSON.stringify({ error: { httpCode, message } satisfies FaultV3 })}\n`;

function remarksJson({ warnings, error, nextPageToken }: Remarks): string {
  const fields = { warnings: warnings.length === 0 ? undefined : warnings, error, nextPageToken };
  return Object.entries(fields)
    .map(([name, value]) => (value === undefined ? "" : `,"${name}":${JSON.stringify(value)}`))
    .join("");
}
