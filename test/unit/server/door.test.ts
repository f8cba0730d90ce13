import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { openDoor } from "../../../functions/server/door.ts";
import { healthApp, type Phase } from "../../../functions/server/health.ts";

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

test("an address of another machine is named with its flag", async () => {
  await expect(openDoor({ ...HERE, host: "192.0.2.1" })).rejects.toThrow(
    "--host 192.0.2.1 is not an address of this machine",
  );
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
