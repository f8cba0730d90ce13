import { invalid } from "../model/errors.ts";

/** Readers of the JSON that stands in items that change. Each throws invalid_argument, naming the field. */

export const optional = <T>(value: unknown, name: string, read: (value: unknown, name: string) => T): T | undefined =>
  value === undefined ? undefined : read(value, name);

export function object(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw malformed(name, value, "an object");
  return value as Readonly<Record<string, unknown>>;
}

export function text(value: unknown, name: string): string {
  if (typeof value !== "string") throw malformed(name, value, "text");
  return value;
}

export function texts(value: unknown, name: string): string[] {
  if (!Array.isArray(value)) throw malformed(name, value, "a list");
  return value.map((one) => text(one, name));
}

export function integer(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw malformed(name, value, "an integer");
  return value;
}

export function flag(value: unknown, name: string): boolean {
  if (typeof value !== "boolean") throw malformed(name, value, "true or false");
  return value;
}

const malformed = (name: string, value: unknown, expected: string): Error =>
  invalid(`item: ${name} ${JSON.stringify(value)}: expected ${expected}`);
