import { ByteWriter } from "../segment/byte-writer.ts";
import { writeBlind } from "./blind.ts";
import { firstHash } from "./hash-ranges.ts";
import type { MergeLimits } from "./limits.ts";
import { BODIES, IS_LATE, MERGED_TRACES_VERSION } from "./merged-format.ts";
import { Pieces, ROWS } from "./pieces.ts";
import { TermsColumns } from "./terms-columns.ts";
import type { MergedInput } from "./types.ts";

/**
 * A part of the trace ids: it names the inputs that it leads to, so that nothing else is needed to read a trace. When
 * there is more than an item takes, every hash of its range leads to every page of every input.
 * @param n which of `parts`
 */
export function writeMergedTraces(
  pieces: Pieces,
  inputs: readonly MergedInput[],
  range: { readonly n: number; readonly parts: number },
  limits: MergeLimits,
): Uint8Array {
  const part = pieces.isOverfull ? undefined : writePart(pieces, inputs);
  if (part !== undefined && part.length <= limits.itemBytes) return part;
  const everything = new Pieces();
  const [from, to] = [firstHash(range.n, range.parts), firstHash(range.n + 1, range.parts) - 1];
  for (let input = 0; input < inputs.length; input++) everything.blind(input, from, to);
  return writePart(everything, inputs);
}

function writePart(pieces: Pieces, inputs: readonly MergedInput[]): Uint8Array {
  const blind = pieces.blindRanges();
  const named = new Set<number>(blind.map(({ input }) => input));
  for (let piece = 0; piece < pieces.count; piece++) named.add(pieces.inputs[piece] as number);
  const local = [...named].sort((a, b) => a - b);
  const numberOf = new Uint32Array(inputs.length);
  for (const [n, input] of local.entries()) numberOf[input] = n;
  const stride = pieces.most(ROWS) + 1;
  const out = new ByteWriter(4096);
  out.byte(MERGED_TRACES_VERSION);
  out.varint(stride);
  writeNamed(
    out,
    local.map((input) => inputs[input] as MergedInput),
  );
  writeBlind(
    out,
    blind.map((range) => ({ ...range, input: numberOf[range.input] as number })),
  );
  writeTraces(pieces, numberOf, stride).write(out);
  return out.finish();
}

/** @param inputs in their order, which is that of `at` */
function writeNamed(out: ByteWriter, inputs: readonly MergedInput[]): void {
  out.varint(inputs.length);
  let last = 0;
  for (const { head, at, isLate } of inputs) {
    out.raw(Buffer.from(head.segment, "hex"));
    out.varint(at - last);
    out.byte(BODIES.indexOf(bodyOf(head.body)) + (isLate ? IS_LATE : 0));
    out.varint(head.pages);
    last = at;
  }
}

export const bodyOf = (body: MergedInput["head"]["body"]): (typeof BODIES)[number] =>
  typeof body === "object" ? "inline" : body;

function writeTraces(pieces: Pieces, numberOf: Uint32Array, stride: number): TermsColumns {
  const order = pieces.order();
  const columns = new TermsColumns(order.length);
  for (let from = 0, to = 0; from < order.length; from = to) {
    const hash = pieces.hashes[order[from] as number] as number;
    const numbers: number[] = [];
    for (; to < order.length && pieces.hashes[order[to] as number] === hash; to++) {
      const piece = order[to] as number;
      const first = (numberOf[pieces.inputs[piece] as number] as number) * stride;
      const end = pieces.starts[piece + 1] as number;
      for (let at = pieces.starts[piece] as number; at < end; at++) numbers.push(first + (pieces.values[at] as number));
    }
    columns.hash(hash);
    columns.headers.varint(numbers.length);
    columns.ascending(numbers);
  }
  return columns;
}
