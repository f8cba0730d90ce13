import { createHash } from "node:crypto";
import type { WritePlan } from "../port.ts";
import type { SegmentId } from "./types.ts";

const ID_BYTES = 16;

/** What a plan makes of one tenant's hour; each text goes in with its length before it, so no two lists of texts look alike. */
export function segmentId(
  plan: Pick<WritePlan, "stream" | "shardId" | "first" | "last">,
  tenant: string,
  hour: number,
): SegmentId {
  const hash = createHash("sha256");
  for (const text of [plan.stream, plan.shardId, plan.first, plan.last, tenant, String(hour)]) {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest("hex").slice(0, ID_BYTES * 2);
}
