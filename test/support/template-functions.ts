import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { readSettings } from "../../infra/settings.ts";
import { SkuaStack } from "../../infra/stack.ts";
import { readable, unhashed } from "../infra/synth.ts";
import type { LambdaCode } from "./lambda-process.ts";

/**
 * The functions of the synthesised template, bundled as they are deployed: by construct, the file and the handler that
 * the template names, and its variables, in which a resource is its logical id. SAM's local commands see the same.
 *
 * @param outdir where the template and the bundles stand then
 */
export function templateFunctions(
  outdir: string,
  context: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, LambdaCode>> {
  const app = new App({ outdir, context });
  const template = Template.fromStack(new SkuaStack(app, "Skua", { settings: readSettings(app.node) }));
  const found = Object.entries(template.findResources("AWS::Lambda::Function")).map(([id, { Properties }]) => {
    const [module, handler = ""] = String(Properties.Handler).split(".");
    const folder = `asset.${String(Properties.Code.S3Key).replace(/\.zip$/, "")}`;
    const variables: Readonly<Record<string, unknown>> = Properties.Environment?.Variables ?? {};
    const env = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, readable(value)]));
    return [
      unhashed(id).replace(/Function$/, ""),
      { file: join(outdir, folder, `${module}.mjs`), handler, env },
    ] as const;
  });
  return Object.fromEntries(found);
}
