type Options = Readonly<Record<string, { readonly type: "string" | "boolean" }>>;

/** Arguments that a command knows itself, with their values, and those that it passes on. */
export function splitFlags(
  argv: readonly string[],
  known: Options,
): { readonly own: string[]; readonly rest: string[] } {
  const own: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] ?? "";
    const [name = "", value] = argument === "-h" ? ["help"] : argument.replace(/^--/, "").split("=", 2);
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    (option === undefined ? rest : own).push(argument);
    const next = argv[i + 1];
    if (option?.type !== "string" || value !== undefined || next === undefined) continue;
    own.push(next);
    i++;
  }
  return { own, rest };
}
