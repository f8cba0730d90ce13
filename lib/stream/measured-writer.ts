import type { Measure } from "../runtime/metrics.ts";
import type { StreamWriter } from "./port.ts";

/** The stream, with the records counted that it did not take and that are tried again. */
export const measuredWriter = (stream: StreamWriter, measure: Measure<"skua_put_retries">): StreamWriter => ({
  ...stream,
  async put(entries) {
    try {
      const results = await stream.put(entries);
      measure("skua_put_retries", results.filter(({ ok }) => !ok).length);
      return results;
    } catch (error) {
      measure("skua_put_retries", entries.length);
      throw error;
    }
  },
});
