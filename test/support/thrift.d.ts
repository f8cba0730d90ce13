declare module "thrift" {
  /** What the tests use of Apache Thrift's library, which brings no types. */
  export interface Protocol {
    writeMessageBegin(name: string, type: number, seqId: number): void;
    writeMessageEnd(): void;
    writeStructBegin(name: string): void;
    writeStructEnd(): void;
    writeFieldBegin(name: string, type: number, id: number): void;
    writeFieldEnd(): void;
    writeFieldStop(): void;
    writeListBegin(type: number, size: number): void;
    writeListEnd(): void;
    writeBool(value: boolean): void;
    writeI16(value: number): void;
    writeI32(value: number): void;
    writeI64(value: Int64): void;
    writeDouble(value: number): void;
    writeString(value: string): void;
    writeBinary(value: Uint8Array): void;
    flush(): void;
  }
  export class Int64 {
    constructor(buffer: Uint8Array);
  }
  export class TBufferedTransport {
    constructor(buffer: undefined, flushed: (bytes: Buffer) => void);
    flush(): void;
  }
  export const TBinaryProtocol: new (
    transport: TBufferedTransport,
    strictRead?: boolean,
    strictWrite?: boolean,
  ) => Protocol;
  export const TCompactProtocol: new (transport: TBufferedTransport) => Protocol;
}
