import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { bareEnvironment, NODE } from "./skua-server.ts";

/** The code of a function, and with what it is called. */
export interface LambdaCode {
  /** Of the module. */
  readonly file: string;
  /** The exported function's name. */
  readonly handler: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Lambda {
  /** Rejects with what the handler threw, or when the process ended meanwhile. */
  invoke(event: unknown): Promise<unknown>;
  /** The process ends at once, whatever it is doing: no memory, no time. The next call gets another one. */
  kill(): void;
  stop(): Promise<void>;
  /** All that the handlers wrote: Lambda would log it. */
  readonly output: () => string;
}

interface Message {
  readonly ready?: true;
  readonly answer?: unknown;
  readonly fault?: string;
}

/** A function as its event sources see it: one process that is kept warm, one call at a time. */
export function lambda({ file, handler, env }: LambdaCode): Lambda {
  let output = "";
  let running: Promise<ReturnType<typeof fork>> | undefined;

  async function start(): Promise<ReturnType<typeof fork>> {
    const child = fork(join(import.meta.dirname, "lambda-runtime.ts"), [file, handler], {
      execPath: NODE,
      env: bareEnvironment({ AWS_LAMBDA_FUNCTION_NAME: "test", ...env }),
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk) => {
        output += String(chunk);
      });
    child.once("exit", () => {
      running = undefined;
    });
    await answerOf(child);
    return child;
  }

  async function answerOf(child: ReturnType<typeof fork>): Promise<Message> {
    const listening = new AbortController();
    const { signal } = listening;
    try {
      const ended = once(child, "exit", { signal }).then(() => ({ fault: `the process ended\n${output}` }));
      const answered = once(child, "message", { signal }).then(([message]): Message => message);
      for (const waiting of [ended, answered]) waiting.catch(() => undefined);
      return await Promise.race([answered, ended]);
    } finally {
      listening.abort();
    }
  }

  return {
    async invoke(event) {
      running ??= start();
      const child = await running;
      child.send(event as object);
      const { answer, fault } = await answerOf(child);
      if (fault !== undefined) throw new Error(fault);
      return answer;
    },
    kill: () => void running?.then((child) => child.kill("SIGKILL")),
    async stop() {
      const child = await running;
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
    output: () => output,
  };
}
