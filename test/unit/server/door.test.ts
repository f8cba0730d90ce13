import { once } from "node:events";
import { connect, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { openDoor } from "../../../functions/server/door.ts";
import { healthApp, type Phase } from "../../../functions/server/health.ts";
import { Usage } from "../../../functions/server/usage.ts";

const HERE = { host: "127.0.0.1", port: 0, flag: "query-port" };

test("before anything is behind it, a door asks its callers to come back", async () => {
  const door = await openDoor(HERE);
  const early = await fetch(door.url);
  expect([early.status, early.headers.get("retry-after")]).toEqual([503, "1"]);
  door.serve(() => new Response("here"));
  expect(await (await fetch(door.url)).text()).toBe("here");
  await door.close(1_000);
});

test("a port that is taken is named with its flag", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  await expect(openDoor({ ...HERE, port })).rejects.toThrow(
    `--query-port ${port}: the port is taken on 127.0.0.1; free it or name another`,
  );
  other.close();
});

test.each(["192.0.2.1", "nosuch.invalid"])(
  "%s, which is not an address of this machine, is named as the host",
  async (host) => {
    await expect(openDoor({ ...HERE, host })).rejects.toThrow(
      new Usage(`--host ${host}: not an address of this machine`, 1),
    );
  },
);

/** What comes back for these very bytes. */
async function ask(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.end(bytes);
  return text(socket);
}

test.each([
  ["HTTP/1.0 without a host, as simple probes speak", "GET /status HTTP/1.0\r\n\r\n"],
  ["HTTP/1.1 with an empty host", "GET /status HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n"],
])("%s is answered", async (_what, bytes) => {
  const door = await openDoor(HERE);
  door.serve((request) => new Response(`asked for ${new URL(request.url).pathname}`));
  const answer = await ask(door.url, bytes);
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  expect(answer).toContain("asked for /status");
  await door.close(1_000);
});

test("a host that is none is refused in words", async () => {
  const door = await openDoor(HERE);
  door.serve(() => new Response("here"));
  const answer = await ask(door.url, "GET / HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain("the request's target or its Host is no URL");
  await door.close(1_000);
});

test("a question for 500 traces by their ids is heard whole, however it is escaped", async () => {
  const door = await openDoor(HERE);
  door.serve((request) => new Response(String(new URL(request.url).searchParams.getAll("traceID").length)));
  const ids = Array.from({ length: 500 }, (_, i) => `traceID=${i.toString(16).padStart(32, "0")}`);
  expect(await (await fetch(`${door.url}/api/traces?${ids.join("&")}`)).text()).toBe("500");
  const escaped = ids.map((id) => id.replace(/[0-9a-f]/g, (digit) => `%${digit.charCodeAt(0).toString(16)}`));
  expect(await (await fetch(`${door.url}/api/traces?${escaped.join("&")}`)).text()).toBe("500");
  await door.close(1_000);
});

test.each([
  [
    "a longer head",
    431,
    "larger than 65536 bytes",
    `GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${"x".repeat(70_000)}\r\n\r\n`,
  ],
  ["what is no HTTP", 400, "the request is not HTTP", "\u0016\u0003\u0001\r\n\r\n"],
])("%s is refused in words", async (_what, status, words, bytes) => {
  const door = await openDoor(HERE);
  door.serve(() => new Response("here"));
  const answer = await ask(door.url, bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(answer).toContain(words);
  await door.close(1_000);
});

test("what cannot be read does not break into the answer before it", async () => {
  const door = await openDoor(HERE);
  door.serve(async () => {
    await pause(100);
    return new Response("here");
  });
  const answer = await ask(door.url, "GET / HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n");
  expect(answer).not.toContain("not HTTP");
  expect(await (await fetch(door.url)).text()).toBe("here");
  await door.close(1_000);
});

test("a closing door lets the request within finish, and lets nobody in", async () => {
  const door = await openDoor(HERE);
  door.serve(async () => {
    await pause(200);
    return new Response("finished");
  });
  const within = fetch(door.url).then((answer) => answer.text());
  await pause(50);
  const closed = door.close(5_000);
  await expect(fetch(door.url)).rejects.toThrow();
  expect(await within).toBe("finished");
  await closed;
});

test("a closing door does not wait for ever", async () => {
  const door = await openDoor(HERE);
  door.serve(() => new Promise(() => undefined));
  const within = fetch(door.url).catch(() => "cut off");
  await pause(50);
  await door.close(100);
  expect(await within).toBe("cut off");
});

test.each<[Phase, number, string]>([
  ["starting", 503, "StatusStarting"],
  ["ready", 200, "StatusOK"],
  ["stopping", 503, "StatusStopping"],
])("while %s, health answers %i", async (phase, status, name) => {
  const app = healthApp(
    () => phase,
    () => 0,
  );
  for (const path of ["/", "/status"]) {
    const answer = await app.request(path);
    expect([answer.status, await answer.json()]).toEqual([
      status,
      { start_time: "1970-01-01T00:00:00.000Z", healthy: status === 200, status: name },
    ]);
  }
});

test("a connection may lie idle longer than any exporter's, so that no batch meets it as it is closed", async () => {
  const door = await openDoor(HERE);
  door.serve(() => new Response("here"));
  const response = await fetch(door.url);
  expect(response.headers.get("keep-alive")).toBe("timeout=75");
  await response.text();
  await door.close(1_000);
});
