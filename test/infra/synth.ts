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
