/** What a method is told beside its request. */
export interface Call {
  /** Whose data the request may bring or see; empty where the method asks nobody. */
  readonly tenant: string;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

interface Named<S extends string> {
  /** Full name, with its package. */
  readonly service: string;
  readonly name: string;
  /** What the caller's credential must allow; undefined where anyone may ask. */
  readonly scope: S | undefined;
}

/** One request, one answer. */
interface UnaryMethod<S extends string> extends Named<S> {
  readonly kind: "unary";
  readonly answer: (request: Uint8Array, call: Call) => Promise<Uint8Array>;
}

/** One request, answers as they come. */
interface StreamingMethod<S extends string> extends Named<S> {
  readonly kind: "server_streaming";
  readonly answer: (request: Uint8Array, call: Call) => AsyncIterable<Uint8Array>;
}

/** Requests as they come, each with one answer. */
interface DialogueMethod<S extends string> extends Named<S> {
  readonly kind: "dialogue";
  readonly answer: (request: Uint8Array, call: Call) => Promise<Uint8Array>;
}

/** A row of the table of methods: bytes in, bytes out, on whatever transport. @typeParam S the scopes that there are */
export type Method<S extends string = string> = UnaryMethod<S> | StreamingMethod<S> | DialogueMethod<S>;

interface Row<S extends string, Q, A> extends Named<S> {
  /** Throws invalid_argument on other bytes. */
  readonly decode: (bytes: Uint8Array) => Q;
  readonly encode: (answer: A) => Uint8Array;
}

interface AnsweredRow<S extends string, Q, A> extends Row<S, Q, A> {
  readonly handle: (request: Q, call: Call) => A | Promise<A>;
}

interface StreamedRow<S extends string, Q, A> extends Row<S, Q, A> {
  readonly handle: (request: Q, call: Call) => AsyncIterable<A>;
}

export const unary = <S extends string, Q, A>(row: AnsweredRow<S, Q, A>): Method<S> => ({
  ...named(row),
  kind: "unary",
  answer: answerOf(row),
});

export const dialogue = <S extends string, Q, A>(row: AnsweredRow<S, Q, A>): Method<S> => ({
  ...named(row),
  kind: "dialogue",
  answer: answerOf(row),
});

export const serverStreaming = <S extends string, Q, A>(row: StreamedRow<S, Q, A>): Method<S> => ({
  ...named(row),
  kind: "server_streaming",
  async *answer(request, call) {
    for await (const answer of row.handle(row.decode(request), call)) yield row.encode(answer);
  },
});

const named = <S extends string>({ service, name, scope }: Named<S>): Named<S> => ({ service, name, scope });

const answerOf =
  <S extends string, Q, A>({ decode, handle, encode }: AnsweredRow<S, Q, A>) =>
  async (request: Uint8Array, call: Call): Promise<Uint8Array> =>
    encode(await handle(decode(request), call));

/** Where it is called, on every transport (grpc/doc/PROTOCOL-HTTP2.md, "Path"). */
export const pathOf = ({ service, name }: Named<string>): string => `/${service}/${name}`;
