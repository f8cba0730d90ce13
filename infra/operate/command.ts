import { type ParseArgsOptionDescriptor, parseArgs } from "node:util";
import { splitFlags } from "./split-flags.ts";

/** Flags of a command, `help` among them. */
type Flags = Readonly<Record<string, ParseArgsOptionDescriptor>> & {
  readonly help: { readonly type: "boolean"; readonly short: "h" };
};

export type Values<F extends Flags> = ReturnType<
  typeof parseArgs<{ readonly args: string[]; readonly options: F }>
>["values"];

interface Command<F extends Flags> {
  readonly name: string;
  readonly help: string;
  readonly flags: F;
  /** @param rest what is not a flag of the command's own */
  run(values: Values<F>, rest: readonly string[]): Promise<void>;
}

/** Runs a command that passes on flags to the server, and ends the process: with 2 and one line where it could not be done. */
export async function runCommand<const F extends Flags>({ name, help, flags, run }: Command<F>): Promise<never> {
  try {
    const { own, rest } = splitFlags(process.argv.slice(2), flags);
    const { values } = parseArgs({ args: own, options: flags });
    if ("help" in values && values.help === true) process.stdout.write(help);
    else await run(values, rest);
  } catch (error) {
    tellFailure(name, error);
  }
  process.exit();
}

/** Prints what a command answers to its arguments, or one line that says why it could not be done. */
export async function printCommand(
  name: string,
  run: (args: readonly string[]) => string | Promise<string>,
): Promise<void> {
  try {
    process.stdout.write(await run(process.argv.slice(2)));
  } catch (error) {
    tellFailure(name, error);
  }
}

function tellFailure(name: string, error: unknown): void {
  process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
