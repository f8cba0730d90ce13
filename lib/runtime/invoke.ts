import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";

/** The one place where a Lambda client is made. */
export const lambdaClient = (): LambdaClient => new LambdaClient({});

/**
 * Has a function called later, once or, rarely, twice; resolves when Lambda has taken the call.
 *
 * @param name name or ARN
 */
export const callLater =
  (client: LambdaClient, name: string) =>
  async (event: unknown): Promise<void> => {
    const Payload = Buffer.from(JSON.stringify(event));
    await client.send(new InvokeCommand({ FunctionName: name, InvocationType: "Event", Payload }));
  };

/** The environment that a function was deployed with. */
export async function functionVariables(client: LambdaClient, name: string): Promise<Readonly<Record<string, string>>> {
  const { Environment } = await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
  return Environment?.Variables ?? {};
}
