import { type Log, logger, renderJson, renderText } from "../../lib/runtime/log.ts";

/** The log of the process and of its threads, which have a stdout each that cannot tell a terminal. */
export const serverLog = (isTerminal: boolean): Log =>
  logger({
    write: (line) => process.stdout.write(`${line}\n`),
    clock: Date.now,
    render: isTerminal ? renderText : renderJson,
  });
