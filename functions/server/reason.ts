/** Deeper than any chain of causes that says something new. */
const MAX_CAUSES = 4;

/**
 * Why something failed, in one line: message, code and causes. Errors of LevelDB come from a thread as plain objects
 * that only look like errors.
 */
export function reasonOf(error: unknown): string {
  const reasons: string[] = [];
  let at = error;
  for (let depth = 0; depth < MAX_CAUSES && at !== undefined && at !== null; depth++, at = field(at, "cause")) {
    const text = oneReason(at);
    // Some wrap their cause and repeat it.
    if (text !== "" && !reasons.some((known) => known.includes(text))) reasons.push(text);
  }
  return reasons.length === 0 ? "for an unknown reason" : reasons.join(": ");
}

function oneReason(error: unknown): string {
  if (typeof error !== "object") return oneLine(String(error));
  const message = oneLine(textField(error, "message"));
  const code = textField(error, "code") || (message === "" ? textField(error, "name") : "");
  if (message === "" || code === "" || message.includes(code)) return message || code;
  return `${message} (${code})`;
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

const textField = (error: unknown, name: string): string => {
  const value = field(error, name);
  return typeof value === "string" ? value : "";
};

const field = (error: unknown, name: string): unknown =>
  typeof error === "object" && error !== null && name in error ? Reflect.get(error, name) : undefined;
