import { Readable } from "node:stream";
import { type BatchGetItemCommand, QueryCommand } from "@aws-sdk/client-dynamodb";

/** An attribute as the API writes it: binary values in base64. */
interface WireValue {
  readonly S?: string;
  readonly B?: string;
  readonly N?: string;
}

/** An item or a key. */
export type WireAttributes = Readonly<Record<string, WireValue | undefined>>;

/** What the API answers (DynamoDB's reference, BatchGetItem and Query), as far as it is asked for here. */
interface WireAnswer {
  readonly Responses?: Readonly<Record<string, readonly WireAttributes[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys?: readonly WireAttributes[] }>>;
  readonly Items?: readonly WireAttributes[];
  readonly LastEvaluatedKey?: WireAttributes;
}

/**
 * Takes the answer's body before the client sees it. The client signs and sends the command, and tells of failures; its own
 * way from a body to attributes, through a schema for every value, takes longer than parsing the text.
 *
 * @returns the answer, once the command was sent
 */
export function bareAnswer(command: BatchGetItemCommand | QueryCommand): () => WireAnswer {
  let answer: WireAnswer = {};
  const take =
    <A, R extends { readonly response: unknown }>(next: (args: A) => Promise<R>) =>
    async (args: A): Promise<R> => {
      const result = await next(args);
      const { response } = result;
      if (isAnswer(response)) {
        answer = JSON.parse((await bytesOf(response.body)).toString());
        response.body = Readable.from([NOTHING]);
      }
      return result;
    };
  // Two calls, because the two stacks have nothing in common for the compiler.
  if (command instanceof QueryCommand) command.middlewareStack.add(take, PLACE);
  else command.middlewareStack.add(take, PLACE);
  return () => answer;
}

/** Next to the connection. */
const PLACE = { step: "deserialize", priority: "low", name: "bareAnswer" } as const;

const NOTHING = Buffer.from("{}");

/** What is not an answer is a fault, whose body the client reads. */
const isAnswer = (response: unknown): response is { body: Readable } =>
  typeof response === "object" &&
  response !== null &&
  "statusCode" in response &&
  response.statusCode === 200 &&
  "body" in response &&
  response.body instanceof Readable;

const bytesOf = (body: Readable): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    body.on("data", (chunk: Buffer) => chunks.push(chunk));
    body.on("end", () => resolve(Buffer.concat(chunks)));
    // A connection that is lost halfway is an error too.
    body.on("error", reject);
  });
