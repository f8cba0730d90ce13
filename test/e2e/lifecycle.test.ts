import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { exportRequest, newSpanId, newTraceId, post, until, wholeTrace } from "../support/otlp.ts";
import { ANY_PORTS, runServer, startServer, temporaryFolder } from "../support/skua-server.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const portOf = (url: string): string => new URL(url).port;

test("--help lists every flag and the SDK's variables, and ends well", async () => {
  const { code, stdout, stderr } = await runServer(["--help"]);
  expect([code, stderr]).toEqual([0, ""]);
  for (const word of ["--otlp-http-port", "--query-port", "--health-port", "--host", "--data", "--retention"])
    expect(stdout).toContain(word);
  expect(stdout).toContain("AWS_ENDPOINT_URL_KINESIS");
  expect(stdout).toContain("AWS_ENDPOINT_URL_DYNAMODB");
});

test.each([
  [["--query-port", "high"], 'skua: --query-port "high": expected a port, 0 to 65535\n'],
  [["--retention", "soon"], 'skua: --retention "soon": expected whole hours from 1h to 8760h, such as 36h\n'],
  [["--qerry-port", "1"], "skua: Unknown option '--qerry-port'; npm start -- --help lists the flags\n"],
])("%j is refused in one line", async (flags, line) => {
  expect(await runServer(flags)).toEqual({ code: 2, stdout: "", stderr: line });
});

test("a server says where to send, where to look and that it is well; a port of its own it does not share", async () => {
  const server = await startServer({ data: folder.path });
  const health = await fetch(`${server.health}/status`);
  expect([health.status, await health.json()]).toMatchObject([200, { healthy: true, status: "StatusOK" }]);
  expect((await fetch(`${server.query}/`)).headers.get("content-type")).toContain("text/html");
  expect(server.lines.every(({ level, time, msg }) => level && time && msg)).toBe(true);

  for (const [flag, url] of [
    ["otlp-http-port", server.otlp],
    ["otlp-grpc-port", server.otlpGrpc],
    ["query-port", server.query],
    ["health-port", server.health],
  ] as const) {
    const other = temporaryFolder();
    expect(await runServer([...ANY_PORTS, "--data", other.path, `--${flag}`, portOf(url)])).toEqual({
      code: 1,
      stdout: "",
      stderr: `skua: --${flag} ${portOf(url)}: the port is taken on 127.0.0.1; free it or name another\n`,
    });
    other.remove();
  }
  expect(await runServer([...ANY_PORTS, "--data", folder.path])).toEqual({
    code: 1,
    stdout: "",
    stderr: `skua: --data ${server.data}: process ${server.process.pid} is using it; stop that one or name another folder\n`,
  });
  expect(await server.stop()).toBe(0);
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s lets the requests within finish, indexes them, and ends with 0",
  async (signal) => {
    const server = await startServer({ data: folder.path });
    const ids = Array.from({ length: 50 }, newTraceId);
    const sent = ids.map(async (traceId) => {
      const body = exportRequest("drain", [{ traceId, spanId: newSpanId(), name: "late" }]);
      return {
        traceId,
        status: await post(server.otlp, body).then(
          (answer) => answer.status,
          () => 0,
        ),
      };
    });
    await Promise.race(sent);
    // One that is asked to go twice at once, as by npm and the shell, still goes in order.
    server.process.kill(signal);
    await pause(20);
    expect(await server.stop(signal)).toBe(0);
    const acknowledged = (await Promise.all(sent)).filter(({ status }) => status === 200);
    expect(acknowledged.length).toBeGreaterThan(0);

    const again = await startServer({ data: folder.path });
    for (const { traceId } of acknowledged) await wholeTrace(again.query, traceId, 1);
    expect(await again.stop()).toBe(0);
  },
);

test("a second signal ends it at once", async () => {
  const server = await startServer({ data: folder.path });
  // A request that never ends keeps the first signal waiting.
  const stuck = fetch(`${server.otlp}/v1/traces`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: new ReadableStream({ pull: () => new Promise(() => undefined) }),
    duplex: "half",
  } as RequestInit).catch(() => "cut off");
  await pause(300);
  server.process.kill("SIGTERM");
  await until(async () => server.lines.find(({ msg }) => msg === "stopping"), "sign of stopping");
  const health = await fetch(`${server.health}/status`);
  expect([health.status, await health.json()]).toMatchObject([503, { healthy: false, status: "StatusStopping" }]);
  await pause(600);
  expect(await server.stop("SIGTERM")).toBe(143);
  expect(await stuck).toBe("cut off");
});
