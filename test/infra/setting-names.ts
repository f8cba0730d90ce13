import { App } from "aws-cdk-lib";
import { readSettings } from "../../infra/settings.ts";

/** All settings of a deployment, as the refusal of an unknown one lists them. */
export function settingNames(): readonly string[] {
  try {
    readSettings(new App({ context: { "skua:none": "1" } }).node);
  } catch (error) {
    return [...String(error).matchAll(/skua:\w+/g)].map(([name]) => name).filter((name) => name !== "skua:none");
  }
  return [];
}
