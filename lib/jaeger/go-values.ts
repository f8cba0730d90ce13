import { invalid } from "../model/errors.ts";

/** What Go's strconv.ParseBool takes. */
const BOOLS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((text): [string, boolean] => [text, true]),
  ...["0", "f", "F", "FALSE", "false", "False"].map((text): [string, boolean] => [text, false]),
]);

export function parseGoBool(text: string): boolean {
  const value = BOOLS.get(text);
  if (value === undefined) throw invalid(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
  return value;
}

/** A decimal integer as Go's strconv.ParseInt takes it. */
export function parseGoInt(text: string, bits: 32 | 64): bigint {
  const fault = (what: string) => invalid(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${what}`);
  if (!/^[+-]?\d+$/.test(text)) throw fault("invalid syntax");
  const value = BigInt(text.replace(/^\+/, ""));
  if (BigInt.asIntN(bits, value) !== value) throw fault("value out of range");
  return value;
}
