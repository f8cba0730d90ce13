import { countsRange, readCountsKey } from "../keys.ts";
import type { NewBody } from "./new-bodies.ts";
import type { RollOptions } from "./roll-options.ts";

/** Bodies that are held from one round to the next; an hour of more is read again each time. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;

export type HourBodies = () => AsyncIterable<NewBody> | Iterable<NewBody>;

/** Bodies of all plans of an hour made before the mark, in the order of their keys, as often as they are asked for. */
export function bodiesOf({ batches, tenant, mark }: RollOptions, hour: number, fromAt = 0): HourBodies {
  const range = countsRange(tenant, hour, fromAt, mark - 1);
  let held: NewBody[] | undefined;
  async function* read() {
    const kept: NewBody[] = [];
    let bytes = 0;
    for await (const items of batches.queryAll({ ...range, consistent: true }))
      for (const { sk, body } of items) {
        const one = { at: readCountsKey(sk).at, body };
        bytes += body.length;
        if (bytes <= MAX_HELD_BYTES) kept.push(one);
        yield one;
      }
    if (bytes <= MAX_HELD_BYTES) held = kept;
  }
  return () => held ?? read();
}
