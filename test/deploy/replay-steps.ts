import { deepEqual, equal, match } from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { jsonToTraces } from "../../lib/otlp/json.ts";
import { encodeRecord } from "../../lib/stream/record.ts";
import { exportRequest, newSpanId, newTraceId } from "../support/otlp.ts";
import { accessTable, bearer, type Stage, until } from "./stage.ts";
import type { Step } from "./tally.ts";

/** Older than every record of the stage: its plan is long done. */
const SHARD = "shardId-000000000000";
const NUMBER = "1";

/** The command of the stack's own output, by the credentials of whoever deployed it. */
export function replaySteps(stage: Stage, env: Readonly<Record<string, string>>): Step[] {
  const { admin } = stage;
  const trace = newTraceId();
  const replay = async (...more: string[]): Promise<string[]> => {
    const command = (await stage.outputs()).IndexerReplay;
    const [, name = ""] = /^npm run replay -- --function (\S+)$/.exec(command) ?? [];
    const args = ["infra/operate/replay.ts", "--function", name, ...more];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
    return stdout.trimEnd().split("\n");
  };
  const keys = async (): Promise<readonly string[]> => admin.objects((await stage.resources()).Quarantine ?? "");

  return [
    {
      name: "npm run replay says what of the quarantine can be read by now, and changes nothing",
      run: async () => {
        const { Quarantine = "" } = await stage.resources();
        const request = exportRequest("repaired", [{ traceId: trace, spanId: newSpanId(), name: "brought back" }]);
        const record = encodeRecord({
          tenant: "default",
          receivedNanos: BigInt(Date.now()) * 1_000_000n,
          traces: jsonToTraces(Buffer.from(request)),
        });
        const note = { shardId: SHARD, sequenceNumber: NUMBER, arrived: new Date().toISOString(), reason: "a fault" };
        await admin.putObject(Quarantine, `${SHARD}/${NUMBER}.record`, record);
        await admin.putObject(Quarantine, `${SHARD}/${NUMBER}.json`, JSON.stringify(note));
        const before = await keys();
        const lines = await replay();
        match(lines.find((line) => line.startsWith(`${SHARD}/${NUMBER} `)) ?? "", /: can be read now$/);
        equal(lines.filter((line) => line.includes(": stays: ")).length, before.length / 2 - 1);
        deepEqual(await keys(), before);
      },
    },
    {
      name: "with --yes it is indexed and leaves the bucket, once, and what nobody can read stays",
      run: async () => {
        const before = await keys();
        match((await replay("--yes")).at(-1) ?? "", /: 1 replayed, \d+ stay in the quarantine$/);
        deepEqual(
          await keys(),
          before.filter((key) => !key.startsWith(`${SHARD}/${NUMBER}.`)),
        );
        const { headers } = bearer(String((await accessTable(stage)).firstToken));
        const answer = await until(
          () => stage.query(`api/traces/${trace}`, { headers }),
          ({ status }) => status === 200,
        );
        match(answer.text, /brought back/);
        match((await replay("--yes")).at(-1) ?? "", /: 0 replayed, \d+ stay in the quarantine$/);
      },
    },
  ];
}
