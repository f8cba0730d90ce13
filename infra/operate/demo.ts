import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { untilTold } from "../../functions/server/signals.ts";
import { runCommand, type Values } from "./command.ts";
import { type DemoSpan, demoRequest, demoTrace } from "./demo-shop.ts";

const HELP = `npm run demo -- [--rate N] [--seconds N] [--endpoint URL [--token TOKEN]] [flags of npm start]

A shop of twelve services, as in OpenTelemetry's demo, with errors and slow paths, until Ctrl-C. Starts a server for it, with
the flags of npm start (its data are in .skua/demo unless --data says otherwise), or sends to one that runs.

  --rate N         traces a second; default 10
  --seconds N      ends by itself after that time
  --endpoint URL   sends to this one: below it is v1/traces
  --token TOKEN    shown to it
  --help, -h
`;

const OWN = {
  rate: { type: "string", default: "10" },
  seconds: { type: "string" },
  endpoint: { type: "string" },
  token: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** How often finished spans are sent, as an SDK would; half a second more or less of a trace goes with the next. */
const FLUSH_MILLIS = 500;
const REPORT_MILLIS = 10_000;
const MOST_A_SECOND = 2_000;

interface Target {
  readonly otlp: string;
  /** Undefined when it is not ours. */
  readonly query: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Settles when it has ended by itself. */
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

await runCommand({ name: "demo", help: HELP, flags: OWN, run });

async function run(values: Values<typeof OWN>, rest: readonly string[]): Promise<void> {
  const rate = numberOf("--rate", values.rate, MOST_A_SECOND);
  const seconds = values.seconds === undefined ? undefined : numberOf("--seconds", values.seconds, 1e9);
  if (values.endpoint !== undefined && rest.length > 0)
    throw new Error(`${rest[0]}: not with --endpoint; --help says more`);
  const told = untilTold(process);
  const target = values.endpoint === undefined ? await startServer(rest, told) : running(values.endpoint, values.token);
  if (target === undefined) return;
  announce(target, rate);
  const stopping = new AbortController();
  const sending = send(target, rate, stopping.signal);
  const time = seconds === undefined ? [] : [pause(seconds * 1000)];
  await Promise.race([told, target.ended, ...time]);
  stopping.abort();
  say(await sending);
  await target.stop();
}

function numberOf(flag: string, text: string, most: number): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value > 0 && value <= most)) throw new Error(`${flag} ${text}: expected a number above 0, up to ${most}`);
  return value;
}

function running(endpoint: string, token: string | undefined): Target {
  return {
    otlp: endpoint.replace(/\/$/, ""),
    query: undefined,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ended: new Promise(() => {}),
    stop: async () => undefined,
  };
}

/** As npm start does, once it is ready; undefined when it was told to stop before that. */
async function startServer(flags: readonly string[], told: Promise<unknown>): Promise<Target | undefined> {
  const main = join(import.meta.dirname, "../../functions/server/main.ts");
  const data = flags.some((flag) => /^--data(=|$)/.test(flag)) ? [] : ["--data", join(".skua", "demo")];
  const child = spawn(process.execPath, ["--max-semi-space-size=8", main, ...data, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const ready = Promise.withResolvers<{ readonly otlp: string; readonly query: string }>();
  createInterface(child.stdout).on("line", (line) => {
    const entry: Readonly<Record<string, unknown>> = line.startsWith("{") ? JSON.parse(line) : {};
    if (entry.msg === "ready") ready.resolve({ otlp: String(entry.otlp), query: String(entry.query) });
    else if (entry.level === "warn" || entry.level === "error") say(line);
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await ended;
  };
  const first = await Promise.race([
    ready.promise,
    ended.then(() => "ended" as const),
    told.then(() => "told" as const),
  ]);
  if (first === "ended") throw new Error("the server did not start");
  if (first === "told") {
    await stop();
    return undefined;
  }
  return { ...first, headers: {}, ended, stop };
}

function announce({ otlp, query }: Target, rate: number): void {
  say(`Twelve services of a shop send ${rate} traces a second to ${otlp}/v1/traces.`);
  if (query === undefined) say("  open  the query URL of that server");
  else {
    say(`  open          ${query}/`);
    say(`  all traces    ${query}/api/traces?service=frontend&limit=20&prettyPrint=true`);
    say(`  errors        ${query}/api/traces?service=payment&tags=%7B%22error%22%3A%22true%22%7D&prettyPrint=true`);
    say(`  slow ones     ${query}/api/traces?service=recommendation&minDuration=1s&prettyPrint=true`);
    say(`  who calls whom ${query}/api/dependencies?endTs=${Date.now() + 3_600_000}&lookback=7200000`);
  }
  say("Ctrl-C ends it.");
}

/** Visits begin evenly; spans are sent soon after they have ended. Resolves, once aborted, with what was sent. */
async function send(target: Target, rate: number, signal: AbortSignal): Promise<string> {
  const tally = { traces: 0, spans: 0, refused: 0 };
  const told = () =>
    `${tally.traces} traces, ${tally.spans} spans sent${tally.refused === 0 ? "" : `, ${tally.refused} refused`}`;
  let open: readonly DemoSpan[] = [];
  let next = performance.timeOrigin + performance.now();
  let reported = next;
  while (!signal.aborted) {
    const now = Date.now();
    const begun: DemoSpan[] = [];
    for (; next <= now; next += 1000 / rate, tally.traces++) begun.push(...demoTrace(next, Math.random));
    const all = [...open, ...begun];
    open = all.filter(({ endMillis }) => endMillis > now);
    await post(
      target,
      all.filter(({ endMillis }) => endMillis <= now),
      tally,
    );
    if (now - reported >= REPORT_MILLIS) {
      say(told());
      reported = now;
    }
    await pause(FLUSH_MILLIS, undefined, { signal }).catch(() => undefined);
  }
  return told();
}

async function post(
  target: Target,
  spans: readonly DemoSpan[],
  tally: { spans: number; refused: number },
): Promise<void> {
  if (spans.length === 0) return;
  const headers = { "content-type": "application/json", ...target.headers };
  const answer = await fetch(`${target.otlp}/v1/traces`, { method: "POST", headers, body: demoRequest(spans) }).catch(
    () => undefined,
  );
  if (answer?.status === 200) tally.spans += spans.length;
  else tally.refused += spans.length;
  await answer?.body?.cancel();
}
