import { type Answer, type Credentials, type Door, send } from "./signed-request.ts";

/** One caller of AWS's own APIs, over plain signed requests. */
export interface Aws {
  /** A service that speaks JSON: "DynamoDB_20120810.PutItem". */
  json(service: string, target: string, input: unknown): Promise<Answer>;
  /** Calls a function with an empty event, and waits for its answer. */
  call(name: string): Promise<Answer>;
  /** A service that speaks forms and XML: IAM, STS, CloudFormation. Throws unless it succeeds. */
  form(service: string, version: string, input: Readonly<Record<string, string>>): Promise<string>;
  /** Keys of a bucket's objects, up to a thousand. */
  objects(bucket: string): Promise<readonly string[]>;
  putObject(bucket: string, key: string, body: string | Uint8Array): Promise<void>;
  /** An object's text. */
  object(bucket: string, key: string): Promise<string>;
}

export function aws(door: Door, credentials: Credentials): Aws {
  const url = "https://localhost/";
  const get = async (path: string) => {
    const answer = await send(door, { url: url + path, service: "s3", credentials });
    if (answer.status !== 200) throw new Error(`s3 ${path}: ${answer.status} ${answer.text}`);
    return answer.text;
  };
  return {
    json: (service, target, input) =>
      send(door, {
        ...{ url, service, credentials },
        headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": target },
        body: JSON.stringify(input),
      }),
    call: (name) =>
      send(door, {
        ...{ service: "lambda", credentials },
        url: `${url}2015-03-31/functions/${name}/invocations`,
        body: "{}",
      }),
    async form(service, version, input) {
      const answer = await send(door, {
        ...{ url, service, credentials },
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ ...input, Version: version }).toString(),
      });
      if (answer.status !== 200) throw new Error(`${service} ${input.Action}: ${answer.status} ${answer.text}`);
      return answer.text;
    },
    objects: async (bucket) =>
      [...(await get(`${bucket}?list-type=2`)).matchAll(/<Key>([^<]*)</g)].map(([, key]) => key ?? ""),
    async putObject(bucket, key, body) {
      const put = { url: `${url}${bucket}/${key}`, service: "s3", method: "PUT", credentials, body };
      const answer = await send(door, put);
      if (answer.status !== 200) throw new Error(`s3 ${key}: ${answer.status} ${answer.text}`);
    },
    object: (bucket, key) => get(`${bucket}/${key}`),
  };
}

/** Names of a stack's resources, by logical id without its hash. */
export async function resourcesOf(admin: Aws, stack: string): Promise<Readonly<Record<string, string>>> {
  const xml = await admin.form("cloudformation", "2010-05-15", { Action: "ListStackResources", StackName: stack });
  const members = xml.split("<member>").slice(1);
  return Object.fromEntries(
    members.map((member) => [
      element(member, "LogicalResourceId").replace(/[0-9A-F]{8}$/, ""),
      element(member, "PhysicalResourceId"),
    ]),
  );
}

/** Credentials that may do what a function's role may: trusts the caller with it, then takes it on. */
export async function assume(admin: Aws, account: string, role: string): Promise<Credentials> {
  const statement = { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "sts:AssumeRole" };
  await admin.form("iam", "2010-05-08", {
    Action: "UpdateAssumeRolePolicy",
    RoleName: role,
    PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
  });
  const xml = await admin.form("sts", "2011-06-15", {
    Action: "AssumeRole",
    RoleArn: `arn:aws:iam::${account}:role/${role}`,
    RoleSessionName: "test",
  });
  return {
    accessKeyId: element(xml, "AccessKeyId"),
    secretAccessKey: element(xml, "SecretAccessKey"),
    sessionToken: element(xml, "SessionToken"),
  };
}

function element(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  if (text === undefined) throw new Error(`no ${name} in ${xml}`);
  return text;
}
