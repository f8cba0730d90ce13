import { LRUCache } from "lru-cache";
import { invalid } from "../model/errors.ts";
import { sampleAttributes } from "./attributes/sample.ts";
import type { SeenKeys } from "./attributes/seen.ts";
import { attributeWriter } from "./attributes/write.ts";
import type { Batches } from "./batches.ts";
import { buildCounts } from "./counts/build.ts";
import { type PlanServices, planServices } from "./counts/plan-services.ts";
import { itemBytes } from "./item-bytes.ts";
import { type Item, MAX_ITEM_BYTES } from "./items.ts";
import {
  bundleKey,
  countsKey,
  headKey,
  hourTtl,
  keyText,
  lateHeadKey,
  minuteOf,
  pageKey,
  rowsKey,
  startedKey,
  termsKey,
  workKey,
} from "./keys.ts";
import { nameWriter, type ServiceOperation } from "./names.ts";
import { arenaRoom, gatherSpans, type PlanSpans } from "./plan-spans.ts";
import type { TraceWriter, WritePlan } from "./port.ts";
import { retainedSpans } from "./retained-spans.ts";
import { type BuiltSegment, buildSegments } from "./segment/build-segments.ts";
import { segmentId } from "./segment/segment-id.ts";

export interface TraceWriterOptions {
  readonly batches: Batches;
  readonly retentionHours: number;
}

/** Work items this process has put: tenants × hours × a few minutes, and one more an hour; one that falls out is put once more. */
const MAX_REMEMBERED = 10_000;

/** What a plan makes of one tenant's spans. */
interface Written {
  readonly tenant: string;
  /** Everything that heads lead to, and counts. */
  readonly parts: readonly Item[];
  /** What leads rollup and readers to heads. */
  readonly work: readonly Item[];
  readonly heads: readonly Item[];
  readonly operations: readonly ServiceOperation[];
  /** Per service. */
  readonly attributes: ReadonlyMap<string, SeenKeys>;
}

/** Writes in an order in which nothing is ever visible before what it leads to: parts, then the work list, then heads. */
export function traceWriter({ batches, retentionHours }: TraceWriterOptions): TraceWriter {
  const names = nameWriter({ batches, retentionHours });
  const attributeNames = attributeWriter({ batches, retentionHours });
  // Everything that is made of a plan's spans is made, and holds none of their bytes, before anything is waited for.
  const arena = arenaRoom();
  const workPut = new LRUCache<string, true>({ max: MAX_REMEMBERED });

  async function putWork(items: readonly Item[]): Promise<void> {
    const due = items.filter((item) => !workPut.has(keyText(item)));
    await batches.putAll(due);
    for (const item of due) workPut.set(keyText(item), true);
  }

  return {
    check(batch) {
      for (const spans of gatherSpans([batch])) refuseTooLarge(writtenOf(CHECKED, spans, retentionHours));
    },
    async write(plan, arrived) {
      let spans = 0;
      let dropped = 0;
      const all = gatherSpans(arrived, arena).map((gathered) => {
        const retained = retainedSpans(gathered, retentionHours);
        dropped += retained.dropped;
        spans += retained.spans.table.count;
        return writtenOf(plan, retained.spans, retentionHours);
      });
      all.forEach(refuseTooLarge);
      await batches.putAll(all.flatMap((one) => one.parts));
      await putWork(all.flatMap((one) => one.work));
      await batches.putAll(all.flatMap((one) => one.heads));
      let waitingNames = 0;
      for (const { tenant, operations, attributes } of all) {
        waitingNames += await names.write(tenant, plan.at, operations);
        await attributeNames.write(tenant, plan.at, attributes);
      }
      return { spans, dropped, waitingNames };
    },
  };
}

/** Any plan will do: its texts are as long as a plan's are, and nothing is written under it. */
const CHECKED: WritePlan = {
  stream: "-",
  shardId: "shardId-000000000000",
  first: "0",
  last: "0".repeat(56),
  at: 0,
  closed: -1,
};

/** Every builder keeps to the table's ceiling; should one not, the record that it fails on can be told from the others. */
function refuseTooLarge({ parts, work, heads }: Written): void {
  for (const item of [...parts, ...work, ...heads])
    if (itemBytes(item) > MAX_ITEM_BYTES)
      throw invalid(`item ${item.pk} of ${itemBytes(item)} bytes: expected at most ${MAX_ITEM_BYTES}`);
}

function writtenOf(plan: WritePlan, spans: PlanSpans, retentionHours: number): Written {
  const { tenant } = spans;
  const segments = buildSegments(spans, plan);
  const who = planServices(spans);
  const ttlOf = ({ hour }: { readonly hour: number }): number => hourTtl(hour, retentionHours);
  return {
    tenant,
    parts: [
      ...segments.flatMap((segment) => partItems(tenant, segment, ttlOf(segment))),
      ...buildCounts(spans, who).flatMap(({ hour, bodies }) =>
        bodies.map((body, n) => ({
          ...countsKey(tenant, hour, plan.at, segmentId(plan, tenant, hour), n),
          body,
          ttl: ttlOf({ hour }),
        })),
      ),
    ],
    work: segments.flatMap(({ hour, isLate }) => {
      const keys = [workKey(minuteOf(plan.at), tenant, hour), ...(isLate ? [] : [startedKey(tenant, hour)])];
      // The key may hold a digest of it.
      return keys.map((key) => ({ ...key, body: Buffer.from(tenant), ttl: ttlOf({ hour }) }));
    }),
    heads: segments.map(({ id, hour, isLate, head }) => ({
      ...(isLate ? lateHeadKey : headKey)(tenant, hour, plan.at, id),
      body: head,
      ttl: ttlOf({ hour }),
    })),
    operations: operationsOf(spans, who),
    attributes: sampleAttributes(spans, who),
  };
}

function partItems(tenant: string, { id, bundle, pages, terms, rows }: BuiltSegment, ttl: number): Item[] {
  return [
    ...(bundle === undefined ? [] : [{ ...bundleKey(tenant, id), body: bundle, ttl }]),
    ...pages.map((body, n) => ({ ...pageKey(tenant, id, n), body, ttl })),
    ...terms.map((body, n) => ({ ...termsKey(tenant, id, n), body, ttl })),
    ...rows.map((body, n) => ({ ...rowsKey(tenant, id, n), body, ttl })),
  ];
}

/** OTLP's kinds are 0 to 5. */
const KINDS_BITS = 3;

function operationsOf(spans: PlanSpans, { services, operations }: PlanServices): ServiceOperation[] {
  const seen = new Set<number>();
  for (let row = 0; row < spans.table.count; row++)
    seen.add(((operations.number[row] as number) << KINDS_BITS) | (spans.table.kind[row] as number));
  return [...seen].map((code) => {
    const operation = code >>> KINDS_BITS;
    return {
      service: services[operations.service[operation] as number] as string,
      name: operations.name[operation] as string,
      kind: code & ((1 << KINDS_BITS) - 1),
    };
  });
}
