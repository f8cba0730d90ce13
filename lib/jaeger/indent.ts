const STEP = "    ";
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Indents compact JSON by four spaces, as Jaeger's prettyPrint does, while it passes in pieces; numbers and texts stay as written. */
export function indenter(): (piece: string) => string {
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  /** An opening bracket waits: an empty pair stays on its line. */
  let isOpen = false;
  const newLine = (): string => `\n${STEP.repeat(depth)}`;

  const structure = (char: string): string => {
    const wasOpen = isOpen;
    isOpen = char === "{" || char === "[";
    if (char === "}" || char === "]") {
      depth--;
      return (wasOpen ? "" : newLine()) + char;
    }
    const lead = wasOpen ? newLine() : "";
    if (isOpen) depth++;
    if (char === ",") return char + newLine();
    return lead + (char === ":" ? ": " : char);
  };

  /** Where the text that is open at `from` ends: past its closing quote, or at the end of the piece. */
  const textEnd = (piece: string, from: number): number => {
    for (let at = from; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (isEscaped) isEscaped = false;
      else if (code === BACKSLASH) isEscaped = true;
      else if (code === QUOTE) {
        isText = false;
        return at + 1;
      }
    }
    return piece.length;
  };

  return (piece) => {
    let out = "";
    let at = 0;
    while (at < piece.length) {
      if (isText) {
        const end = textEnd(piece, at);
        out += piece.slice(at, end);
        at = end;
      } else {
        isText = piece.charCodeAt(at) === QUOTE;
        out += structure(piece.charAt(at++));
      }
    }
    return out;
  };
}
