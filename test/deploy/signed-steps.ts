import { deepEqual, equal, ok } from "node:assert/strict";
import type { Credentials } from "./signed-request.ts";
import { accessTable, bearer, type Stage, until } from "./stage.ts";
import type { Step } from "./tally.ts";
import { aTrace, shown, tracesIn } from "./trace.ts";

/** A stage that takes signed requests only. @param other a stage beside it, open to tokens */
export function signedSteps(stage: Stage, other: Stage, credentials: Credentials): Step[] {
  const trace = aTrace();
  return [
    {
      name: "requests without a signature are refused at both its URLs, whatever token they show",
      run: async () => {
        const token = bearer(String((await accessTable(stage)).firstToken));
        for (const call of [{}, token]) {
          equal((await stage.ingest("v1/traces", { ...call, body: "{}" })).status, 403);
          equal((await stage.query("api/services", call)).status, 403);
        }
      },
    },
    {
      name: "signed requests bring a trace and read it back",
      run: async () => {
        for (const request of trace.requests)
          equal((await stage.ingest("v1/traces", { ...request, credentials })).status, 200);
        const { text } = await until(
          () => stage.query(`api/traces/${trace.id}`, { credentials }),
          (answer) => answer.status === 200 && tracesIn(answer.text)[0]?.spans.length === trace.expected.length,
        );
        const [found] = tracesIn(text);
        ok(found);
        deepEqual(shown(found, trace.expected), trace.expected);
      },
    },
    {
      name: "what one stage was sent the other does not have, and its tokens are its own",
      run: async () => {
        const [own, theirs] = [await accessTable(stage), await accessTable(other)];
        const answerTo = async (token: unknown) =>
          (await other.query(`api/traces/${trace.id}`, bearer(String(token)))).status;
        deepEqual([await answerTo(theirs.firstToken), await answerTo(own.firstToken)], [404, 401]);
      },
    },
  ];
}
