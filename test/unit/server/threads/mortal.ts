// A thread that does what it is told to: the last of the words it was started with.
import { beginTask } from "../../../../functions/server/tasks.ts";
import { serveThread } from "../../../../functions/server/thread.ts";

await serveThread<readonly string[]>(async (words) => {
  const word = words.at(-1);
  if (word === "fail") throw new Error("could not start");
  if (word === "die") setTimeout(() => process.exit(7), 20);
  if (word === "throw")
    setTimeout(() => {
      throw new Error("died of this");
    }, 20);
  if (word === "work")
    setTimeout(() => {
      const end = beginTask();
      setTimeout(end, 50);
    }, 20);
  if (word === "spin")
    setTimeout(() => {
      beginTask()();
      beginTask();
      for (;;);
    }, 20);
  if (word === "swell")
    setTimeout(() => {
      const kept: number[][] = [];
      for (;;) kept.push(new Array(100_000).fill(kept.length));
    }, 20);
  const alive = setInterval(() => undefined, 1_000);
  return {
    hello: { said: word },
    close: async () => (word === "hang" ? new Promise(() => undefined) : clearInterval(alive)),
  };
});
