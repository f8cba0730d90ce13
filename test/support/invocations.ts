import type { Random } from "../data/random.ts";

/** Runs tasks one step at a time, the next one picked by the seed: every interleaving of their port calls can happen. */
export class Scheduler {
  private readonly waiting: (() => void)[] = [];
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** Resolves when it is the caller's turn. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** Until every task has ended. */
  async run<T>(tasks: readonly Promise<T>[]): Promise<PromiseSettledResult<T>[]> {
    let isDone = false;
    const all = Promise.allSettled(tasks).then((results) => {
      isDone = true;
      return results;
    });
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = this.waiting.splice(this.random.below(this.waiting.length), 1);
      next?.();
    }
    return all;
  }
}

/** One invocation of a function: it may end at any point, and then does nothing more, not even clean up. */
export class Life {
  /** Settles when the process is gone. */
  readonly died: Promise<"died">;
  private isDead = false;
  private end: (how: "died") => void = () => {};

  constructor() {
    this.died = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  die(): void {
    this.isDead = true;
    this.end("died");
  }

  /** What a dead process waits for never comes. */
  async beat(): Promise<void> {
    if (this.isDead) await new Promise(() => {});
  }
}

/** Called before and after every call of a port, with "method before" or "method after". */
export type Around = (point: string) => Promise<void>;

/** The port with something done around every asynchronous call; `sync` names the methods that are left alone. */
export function around<T extends object>(port: T, hook: Around, sync: readonly string[] = []): T {
  return new Proxy(port, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== "function" || sync.includes(String(name))) return method;
      return async (...parameters: unknown[]) => {
        await hook(`${String(name)} before`);
        const answer: unknown = await Reflect.apply(method, target, parameters);
        await hook(`${String(name)} after`);
        return answer;
      };
    },
  });
}
