import { CfnElement, Stack, Validations } from "aws-cdk-lib";
import type { Role } from "aws-cdk-lib/aws-iam";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { CfnSecret } from "aws-cdk-lib/aws-secretsmanager";

/** The findings of cdk-nag that we have looked at and live with; every other one fails the synthesis. */
export function acknowledgeQuarantine(quarantine: Bucket): void {
  Validations.of(quarantine).acknowledge({
    id: "AwsSolutions::AwsSolutions-S1",
    reason: "Access logs: only indexers write here, each object once, and say so in their own logs",
  });
}

export function acknowledgeAccessSecret(secret: CfnSecret): void {
  Validations.of(secret).acknowledge({
    id: "AwsSolutions::AwsSolutions-SMG4",
    reason: "Rotation: tokens are in senders' hands, so a person adds the next one, moves them and takes out the last",
  });
}

/** @param keys what the indexer may put, as a pattern */
export function acknowledgeQuarantineWriter(quarantine: Bucket, keys: string, indexer: Role): void {
  Validations.of(indexer).acknowledge({
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::<${logicalId(quarantine)}.Arn>/${keys}]`,
    reason: "Wildcard: an object's key says which record it is, so this is all objects of one bucket, to put only",
  });
}

function logicalId(bucket: Bucket): string {
  const { defaultChild } = bucket.node;
  if (defaultChild === undefined || !CfnElement.isCfnElement(defaultChild))
    throw new Error(`${bucket} has no resource`);
  return Stack.of(bucket).getLogicalId(defaultChild);
}
