import { Aws, CfnOutput, RemovalPolicy } from "aws-cdk-lib";
import type { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { FunctionUrlAuthType } from "aws-cdk-lib/aws-lambda";
import { CfnSecret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { acknowledgeAccessSecret } from "./acknowledged.ts";
import { allow } from "./allow.ts";
import type { Auth, Settings } from "./settings.ts";

/** As many letters and digits hold 256 bits. */
const TOKEN_CHARACTERS = 43;

/** How callers of one function say who they are. */
export interface Access {
  readonly authType: FunctionUrlAuthType;
  readonly environment: { readonly ACCESS_SECRET?: string };
  readonly may: readonly PolicyStatement[];
}

/** The table of access, which begins with a token that is generated while the stack is made and stands nowhere else. */
export function addAccessSecret(scope: Construct): CfnSecret {
  const secret = new CfnSecret(scope, "AccessSecret", {
    description: "Skua: who may send and read spans",
    generateSecretString: {
      secretStringTemplate: "{}",
      generateStringKey: "firstToken",
      passwordLength: TOKEN_CHARACTERS,
      excludePunctuation: true,
    },
  });
  secret.applyRemovalPolicy(RemovalPolicy.DESTROY);
  acknowledgeAccessSecret(secret);
  new CfnOutput(scope, "FirstToken", {
    value: `aws secretsmanager get-secret-value --region ${Aws.REGION} --secret-id ${secret.attrId} --query SecretString --output text`,
    description: "Shows the first token, which sends and reads; npm run token makes others",
  });
  return secret;
}

/** A function whose URL lets everyone through always has the table, by which it asks for tokens itself. */
export function accessBy(auth: Auth, principals: Settings["principals"], secret: CfnSecret): Access {
  const authType = auth === "token" ? FunctionUrlAuthType.NONE : FunctionUrlAuthType.AWS_IAM;
  if (auth === "iam" && principals === "all") return { authType, environment: {}, may: [] };
  return {
    authType,
    environment: { ACCESS_SECRET: secret.attrId },
    may: [allow(secret.attrId, "secretsmanager:GetSecretValue")],
  };
}
