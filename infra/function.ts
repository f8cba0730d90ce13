import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, type Code, LoggingFormat, Runtime } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction, OutputFormat } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import type { Measured } from "../lib/runtime/metrics.ts";
import type { Settings } from "./settings.ts";

type FunctionName = Measured;

/** Where a function's code comes from when it is not to be bundled. */
export type CodeOf = (name: FunctionName) => Code;

interface SkuaFunctionProps<F extends FunctionName = FunctionName> {
  readonly name: F;
  readonly architecture: Settings["architecture"];
  readonly logRetentionDays: number;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
  /** All that the function may do, besides writing to its own log. */
  readonly may: readonly PolicyStatement[];
  readonly codeOf: CodeOf | undefined;
  readonly endpoints: Settings["endpoints"];
  /** A file that stands beside the code under a name of its own. */
  readonly beside?: { readonly path: string; readonly name: string } | undefined;
}

/** A function that is called over HTTP. */
export interface WithUrl<F extends FunctionName> {
  readonly called: SkuaFunction<F>;
  readonly url: string;
}

/** What all functions of a stack share. */
export interface CommonProps
  extends Pick<SkuaFunctionProps, "architecture" | "codeOf" | "logRetentionDays" | "endpoints"> {
  readonly retentionHours: number;
}

/** One deployed unit: a function with a log group and a role of its own. */
export class SkuaFunction<F extends FunctionName = FunctionName> extends Construct {
  /** Which of the functions it runs. */
  readonly runs: F;
  readonly lambda: NodejsFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: SkuaFunctionProps<F>) {
    super(scope, id);
    this.runs = props.name;
    const logGroup = new LogGroup(this, "Logs", {
      retention: props.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const log = new PolicyStatement({
      actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
      resources: [logGroup.logGroupArn],
    });
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
      // Inline, so that the role is complete before anything is made that needs it.
      inlinePolicies: { may: new PolicyDocument({ statements: [log, ...props.may] }) },
    });
    this.lambda = new NodejsFunction(this, "Function", {
      ...source(props),
      runtime: Runtime.NODEJS_24_X,
      architecture: props.architecture === "arm64" ? Architecture.ARM_64 : Architecture.X86_64,
      memorySize: props.memoryMegabytes,
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: { ...props.environment, ...endpointVariables(props.endpoints) },
      role: this.role,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      // It would add a variable that the SDK of Node 24 ignores.
      awsSdkConnectionReuse: false,
    });
  }
}

/** As every AWS SDK reads them. */
const endpointVariables = (endpoints: Settings["endpoints"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(endpoints).map(([service, url]) => [`AWS_ENDPOINT_URL_${service.toUpperCase()}`, url]),
  );

const source = ({ name, codeOf, beside }: SkuaFunctionProps) =>
  codeOf === undefined
    ? {
        entry: fileURLToPath(new URL(`../functions/${name}/handler.ts`, import.meta.url)),
        bundling: beside === undefined ? BUNDLING : { ...BUNDLING, commandHooks: copied(beside) },
      }
    : { code: codeOf(name), handler: "index.handler" };

const copied = ({ path, name }: NonNullable<SkuaFunctionProps["beside"]>) => ({
  beforeBundling: () => [],
  beforeInstall: () => [],
  afterBundling: (_: string, output: string) => [
    process.platform === "win32"
      ? `copy "${path}" "${join(output, name)}"`
      : `cp ${quoted(path)} ${quoted(join(output, name))}`,
  ],
});

/** As a shell reads it back. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const BUNDLING = {
  format: OutputFormat.ESM,
  target: "node24",
  minify: true,
  // The version that was tested, and a faster cold start than the runtime's copy.
  bundleAwsSDK: true,
  mainFields: ["module", "main"],
  // An ESM bundle has no `require`; what comes from CommonJS packages asks for Node's own modules with it.
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
};
