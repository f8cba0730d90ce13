import { PolicyStatement } from "aws-cdk-lib/aws-iam";

/** One resource, and all that may be done with it. */
export const allow = (resource: string, ...actions: string[]): PolicyStatement =>
  new PolicyStatement({ actions, resources: [resource] });
