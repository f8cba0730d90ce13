import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { Code } from "aws-cdk-lib/aws-lambda";
import { readSettings } from "../../infra/settings.ts";
import { SkuaStack } from "../../infra/stack.ts";

/** The first synthesis of a process loads the CDK: two seconds, or many on a busy machine. */
export const FIRST_SYNTH_MILLIS = 120_000;

/** The stack as it is deployed, with empty functions, so that nothing is bundled. */
export function synthesize(context: Record<string, unknown> = {}): Template {
  const app = new App({ context });
  const codeOf = () => Code.fromInline("exports.handler = () => {}");
  return Template.fromStack(new SkuaStack(app, "Skua", { settings: readSettings(app.node), codeOf }));
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

/** Logical ids and resources of one type. */
export const resourcesOf = (template: Template, type: string): [string, Resource][] =>
  Object.entries(template.findResources(type)).map(([id, { Properties }]) => [id, { Type: type, Properties }]);

/** CloudFormation's references as one can read them: Fn::GetAtt [Stream790BDEE4, Arn] is Stream.Arn. */
export function readable(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(readable).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  if ("Fn::GetAtt" in value && Array.isArray(value["Fn::GetAtt"])) return value["Fn::GetAtt"].map(unhashed).join(".");
  if ("Fn::Join" in value && Array.isArray(value["Fn::Join"])) return value["Fn::Join"][1].map(readable).join("");
  if ("Ref" in value) return unhashed(String(value.Ref));
  return JSON.stringify(value);
}

/** A logical id without the hash at its end. */
export const unhashed = (id: string): string => id.replace(/[0-9A-F]{8}$/, "");

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

/** Every role with "effect resource: actions", one line a statement. */
export function grants(of: Template): Record<string, string[]> {
  const policies = (properties: Readonly<Record<string, unknown>>) =>
    properties.Policies as { PolicyDocument: { Statement: Statement[] } }[];
  return Object.fromEntries(
    resourcesOf(of, "AWS::IAM::Role").map(([id, { Properties }]) => [
      unhashed(id),
      policies(Properties)
        .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
        .map(({ Effect, Action, Resource }) => `${Effect} ${readable(Resource)}: ${[Action].flat().join(" ")}`),
    ]),
  );
}

/** The variables of a function that is named without its hash. */
export function environmentOf(template: Template, name: string): Readonly<Record<string, unknown>> {
  const found = resourcesOf(template, "AWS::Lambda::Function").find(([id]) => unhashed(id) === name);
  if (found === undefined) throw new Error(`no function ${name}`);
  return (found[1].Properties.Environment as { Variables: Record<string, unknown> }).Variables;
}
