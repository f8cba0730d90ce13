/** Thrift's types by their numbers in the binary protocol (thrift/doc/specs/thrift-binary-protocol.md). */
export const BOOL = 2;
export const I8 = 3;
export const DOUBLE = 4;
export const I16 = 6;
export const I32 = 8;
export const I64 = 10;
/** Text and bytes alike. */
export const BINARY = 11;
export const STRUCT = 12;
export const MAP = 13;
export const SET = 14;
export const LIST = 15;
export const UUID = 16;

/** What {@link ThriftReader.field} returns for a field of this number and type. */
export const field = (id: number, type: number): number => (id << 8) | type;
