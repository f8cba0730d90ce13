import type { ThriftReader } from "./reader.ts";

/** Fields that a struct cannot do without; the index is the field's number, `undefined` are those that may be left out. */
export interface Required {
  readonly struct: string;
  readonly names: readonly (string | undefined)[];
}

/** @param seen a bit for each field that was read, 1 << its number */
export function checkRequired(reader: ThriftReader, required: Required, seen: number): void {
  const { struct, names } = required;
  for (let id = 0; id < names.length; id++) {
    if (names[id] !== undefined && (seen & (1 << id)) === 0)
      throw reader.fault(reader.pos, `${struct} ends without ${names[id]} (field ${id})`);
  }
}
