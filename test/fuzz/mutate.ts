import type { Random } from "../data/random.ts";
import type { Door } from "./doors.ts";

/** One change of a body, or a few; `other` is what pieces are spliced in from. */
export function mutate(door: Door, body: Buffer, other: Buffer, random: Random): Buffer {
  let changed: Buffer = Buffer.from(body);
  for (let left = random.chance(0.7) ? 1 : 2 + random.below(4); left > 0; left--)
    changed = mutateOnce(door, changed, other, random);
  return changed;
}

function mutateOnce(door: Door, body: Buffer, other: Buffer, random: Random): Buffer {
  if (body.length === 0) return Buffer.from(other);
  const at = random.below(body.length);
  switch (random.below(10)) {
    case 0:
      body[at] = random.below(256);
      return body;
    case 1:
      return body.subarray(0, at);
    case 2:
      return splice(body, at, random.below(20), slice(other, random));
    case 3:
      return splice(body, at, 0, slice(body, random));
    case 4:
      return splice(body, at, 1 + random.below(12), Buffer.alloc(0));
    case 5:
    case 6:
    case 7:
      return flipBit(body, at, random);
    default:
      return door.endsWith("json") ? editToken(body, at, random) : editLength(body, at, random);
  }
}

function flipBit(body: Buffer, at: number, random: Random): Buffer {
  body[at] = (body[at] ?? 0) ^ (1 << random.below(8));
  return body;
}

const splice = (body: Buffer, at: number, remove: number, insert: Buffer): Buffer =>
  Buffer.concat([body.subarray(0, at), insert, body.subarray(at + remove)]);

function slice(from: Buffer, random: Random): Buffer {
  const start = random.below(from.length + 1);
  return from.subarray(start, start + 1 + random.below(80));
}

/** The first length after `at`, or what looks like one: a little longer, a little shorter, or enormous. */
function editLength(body: Buffer, at: number, random: Random): Buffer {
  for (let i = at; i + 1 < body.length; i++) {
    if (((body[i] ?? 0) & 7) !== 2) continue;
    if (random.chance(0.3)) return splice(body, i + 1, 1, random.pick(LENGTHS));
    body[i + 1] = ((body[i + 1] ?? 0) + random.pick([-2, -1, 1, 2])) & 0xff;
    return body;
  }
  return body;
}

const LENGTHS = [
  "00",
  "ffffffff0f",
  "ffffffffffffffffff01",
  "80808080808080808080",
  "8000",
  "ffffffffffffffffffffff",
].map((hex) => Buffer.from(hex, "hex"));

/** The first value after `at` becomes another. */
function editToken(body: Buffer, at: number, random: Random): Buffer {
  const colon = body.indexOf(":", at);
  if (colon === -1) return body;
  const rest = body.toString("latin1", colon + 1, colon + 200);
  const token = /^\s*("[^"]*"|[-0-9.eE]+|[a-z]+|\[\]|\{\}|.)/.exec(rest)?.[0] ?? "";
  return splice(body, colon + 1, token.length, Buffer.from(random.pick(TOKENS)));
}

const TOKENS = [
  ...["null", "true", "-1", "0", "1e999", "1.5", "-0", "123456789012345678901234567890", "9007199254740993"],
  ...['""', '"x"', '"\\ud800"', '"00"', '"-9223372036854775809"', '"18446744073709551615"', '"NaN"', '"="'],
  ...[
    "[]",
    "{}",
    "[[]]",
    "[null]",
    '{"values":[{}]}',
    '{"__proto__":[]}',
    '{"arrayValue":'.repeat(40),
    "[".repeat(3000),
  ],
];
