import { TracingError } from "../../model/errors.ts";
import type { Batches } from "../../store/batches.ts";
import type { Key } from "../../store/items.ts";
import { bundleKey, keyText, mergedInputsKey, mergedTermsKey, mergedTracesKey, termsKey } from "../../store/keys.ts";
import type { MergedSource, SegmentSource } from "../../store/merge/merge-segments.ts";
import { readMergedInputs } from "../../store/merge/read-inputs.ts";
import type { MergedHead } from "../../store/merge/types.ts";
import { readBundle } from "../../store/segment/read-bundle.ts";
import type { UnmergedHead } from "./next-merge.ts";
import type { TenantHour } from "./work-list.ts";

/** Reads one item's body. Throws TracingError internal when there is none: whatever a head names was written before it. */
type ReadPart = (key: Key) => Promise<Uint8Array>;

/** What is asked for at the same time is read together. */
export function partReader(batches: Batches): ReadPart {
  let waiting: { readonly key: Key; readonly settle: PromiseWithResolvers<Uint8Array> }[] = [];

  async function readAll(asked: typeof waiting): Promise<void> {
    try {
      const keys = asked.map(({ key }) => key);
      const found = new Map((await batches.getAll(keys, true)).map((item) => [keyText(item), item.body]));
      for (const { key, settle } of asked) {
        const body = found.get(keyText(key));
        if (body !== undefined) settle.resolve(body);
        else settle.reject(new TracingError("internal", `item ${key.pk} is named by a head and not in the table`));
      }
    } catch (fault) {
      for (const { settle } of asked) settle.reject(fault);
    }
  }

  return (key) => {
    const settle = Promise.withResolvers<Uint8Array>();
    if (waiting.push({ key, settle }) === 1)
      setImmediate(() => {
        const asked = waiting;
        waiting = [];
        void readAll(asked);
      });
    return settle.promise;
  };
}

/** A segment and where its terms are. */
export function segmentSource(
  { tenant, hour }: TenantHour,
  { at, head }: UnmergedHead,
  isLate: boolean,
  read: ReadPart,
): SegmentSource {
  const { body } = head;
  const input = { head: { ...head, body: typeof body === "object" ? ("inline" as const) : body }, hour, at, isLate };
  if (typeof body === "object") return { input, terms: async (n) => body.terms(n) };
  if (body === "parts") return { input, terms: (n) => read(termsKey(tenant, head.segment, n)) };
  const bundle = bundleKey(tenant, head.segment);
  // Copied out of the bundle, which would be held in memory for it.
  return { input, terms: async (n) => new Uint8Array(readBundle(await read(bundle)).terms(n)) };
}

/** A merged segment, and where its parts are. */
export async function mergedSource(tenant: string, head: MergedHead, read: ReadPart): Promise<MergedSource> {
  const parts = Array.from({ length: head.inputParts }, (_, n) => read(mergedInputsKey(tenant, head.id, n)));
  return {
    head,
    inputs: readMergedInputs(await Promise.all(parts)),
    terms: (n) => read(mergedTermsKey(tenant, head.id, n)),
    traces: (n) => read(mergedTracesKey(tenant, head.id, n)),
  };
}
