const STEP = "    ";
const SPACE = new Set([" ", "\n", "\r", "\t"]);

/** Indents JSON by four spaces, as Jaeger's prettyPrint does, while it passes in pieces; numbers and texts stay as written. */
export function indenter(): (piece: string) => string {
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  /** An opening bracket waits: an empty pair stays on its line. */
  let isOpen = false;
  const newLine = (): string => `\n${STEP.repeat(depth)}`;

  const outside = (char: string): string => {
    if (SPACE.has(char)) return "";
    const isClosing = char === "}" || char === "]";
    const wasOpen = isOpen;
    isOpen = char === "{" || char === "[";
    if (isClosing) {
      depth--;
      return (wasOpen ? "" : newLine()) + char;
    }
    const lead = wasOpen ? newLine() : "";
    if (isOpen) depth++;
    if (char === ",") return lead + char + newLine();
    return lead + (char === ":" ? ": " : char);
  };

  return (piece) => {
    let out = "";
    for (const char of piece) {
      if (!isText) {
        out += outside(char);
        isText = char === '"';
      } else {
        out += char;
        isText = isEscaped || char !== '"';
        isEscaped = !isEscaped && char === "\\";
      }
    }
    return out;
  };
}
