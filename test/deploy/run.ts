// Deploys the stack, as it is, to an emulator that enforces its roles, sends a trace in and reads it back.
import { deepEqual } from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ALERT_SETTING, alertSteps } from "./alert-steps.ts";
import { cdk } from "./cdk.ts";
import { makeCertificate } from "./certificate.ts";
import { doorSteps, STRATEGIES_FILE, WEB_PAGE } from "./door-steps.ts";
import { installMiniStack, type MiniStack, startMiniStack } from "./ministack.ts";
import { replaySteps } from "./replay-steps.ts";
import { roleSteps } from "./role-steps.ts";
import { signedSteps } from "./signed-steps.ts";
import { stage } from "./stage.ts";
import { runSteps, type Step, summary, type Tally } from "./tally.ts";
import { templateSteps } from "./template-steps.ts";
import { tokenSteps } from "./token-steps.ts";
import { traceSteps } from "./trace-steps.ts";
import { updateSteps } from "./update-steps.ts";

const REGION = "us-east-1";
/** The emulator takes an access key of twelve digits for the account. */
const ACCOUNT = "111122223333";
const CREDENTIALS = { accessKeyId: ACCOUNT, secretAccessKey: "test" };

const settings = (...stated: string[]): string[] => stated.flatMap((setting) => ["-c", `skua:${setting}`]);

const MAIN = settings(`strategies=${STRATEGIES_FILE}`, `corsOrigins=["${WEB_PAGE}"]`, ALERT_SETTING);

/** All that the first stage leaves as it is. */
const SIGNED = settings(
  ...["stage=signed", "ingestAuth=iam", "queryAuth=iam", "streamMode=on-demand", "removalPolicy=destroy"],
  ...["alarmEmail=ops@example.com", 'foreignStream={"tenant":"acme"}', "logRetentionDays=1"],
);

const cache = new URL("../../.cache/deploy/", import.meta.url).pathname;

async function main(): Promise<Tally> {
  await mkdir(cache, { recursive: true });
  const program = await installMiniStack(cache);
  if (program === undefined) {
    console.log("skipped: the emulator needs Python 3 with venv, and openssl");
    return process.env.CI === "true" ? { passed: 0, failed: 1, skipped: 0 } : { passed: 0, failed: 0, skipped: 1 };
  }
  // Not below the project: its package.json would make ES modules of the emulator's own scripts.
  const folder = await mkdtemp(join(tmpdir(), "skua-deploy-"));
  const certificate = await makeCertificate(folder, REGION);
  const emulator = await startMiniStack({ program, folder, certificate, region: REGION });
  try {
    const tally = await runSteps(steps(emulator, folder));
    if (tally.failed === 0) await rm(folder, { recursive: true });
    else console.error(`logs: ${folder}`);
    return tally;
  } finally {
    await emulator.stop();
  }
}

function steps({ endpoint, door }: MiniStack, folder: string): Step[] {
  const env = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_REGION: REGION,
    NODE_EXTRA_CA_CERTS: door.certificate,
    AWS_CA_BUNDLE: door.certificate,
    CDK_DISABLE_VERSION_CHECK: "1",
  };
  const outputsOf = (stack: string) => join(folder, `${stack}.json`);
  const stageOf = (stack: string) => stage({ stack, door, credentials: CREDENTIALS, outputsFile: outputsOf(stack) });
  const deploy = (stack: string, ...context: string[]) =>
    cdk(["deploy", stack, "--require-approval", "never", "--outputs-file", outputsOf(stack), ...context], {
      folder,
      env,
    });
  const main = stageOf("Skua-main");
  const signed = stageOf("Skua-signed");

  return [
    {
      name: "the account is bootstrapped",
      isVital: true,
      run: () => cdk(["bootstrap", `aws://${ACCOUNT}/${REGION}`], { folder, env }),
    },
    {
      name: "the stack is deployed",
      isVital: true,
      run: () => deploy(main.stack, ...MAIN),
    },
    ...templateSteps(join(folder, "cdk-deploy.out"), [main.stack], cache),
    ...tokenSteps(main, env),
    ...traceSteps(main),
    ...doorSteps(main),
    ...alertSteps(main),
    ...replaySteps(main, env),
    ...updateSteps(main, () => deploy(main.stack, ...MAIN, ...settings("retentionDays=8", "batchWindowSeconds=2"))),
    ...roleSteps(main, ACCOUNT),
    {
      name: "a second stage stands beside it, open to signed requests only",
      isVital: true,
      run: () => deploy(signed.stack, ...SIGNED),
    },
    ...signedSteps(signed, main, CREDENTIALS),
    {
      name: "both stacks are destroyed: the stream and the tokens are gone, the quarantine stands, and the table where it is to be retained",
      run: async () => {
        const { Table: signedTable } = await signed.resources();
        const { Table, Stream, AccessSecret, Quarantine = "" } = await main.resources();
        await cdk(["destroy", main.stack, "--force"], { folder, env });
        await cdk(["destroy", signed.stack, "--force", ...SIGNED], { folder, env });
        const { admin } = main;
        const answers = [
          await admin.json("dynamodb", "DynamoDB_20120810.DescribeTable", { TableName: Table }),
          await admin.json("dynamodb", "DynamoDB_20120810.DescribeTable", { TableName: signedTable }),
          await admin.json("kinesis", "Kinesis_20131202.DescribeStreamSummary", { StreamName: Stream }),
          await admin.json("secretsmanager", "secretsmanager.GetSecretValue", { SecretId: AccessSecret }),
        ];
        deepEqual(
          answers.map(({ status }) => status === 200),
          [true, false, false, false],
        );
        await admin.objects(Quarantine);
      },
    },
  ];
}

const tally = await main().catch((error: unknown) => {
  console.error(error);
  return { passed: 0, failed: 1, skipped: 0 };
});
console.log(summary(tally));
process.exitCode = tally.failed === 0 ? 0 : 1;
