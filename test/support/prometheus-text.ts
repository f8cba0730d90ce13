export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const UNESCAPED: Readonly<Record<string, string>> = { "\\\\": "\\", '\\"': '"', "\\n": "\n" };

/** What Prometheus reads out of an exposition (its text format 0.0.4). Throws at a line that it would not take. */
export function seriesIn(text: string): Series[] {
  if (text !== "" && !text.endsWith("\n")) throw new Error("the last line has no end");
  return text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [, name = "", labels = "", value = ""] = /^([a-zA-Z_:][\w:]*)\{(.*)\} (\S+)$/s.exec(line) ?? [];
      if (name === "") throw new Error(`no series: ${line}`);
      return { name, labels: labelsIn(labels), value: value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value) };
    });
}

function labelsIn(text: string): Record<string, string> {
  const labels = [...text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"(?:,|$)/gs)];
  if (labels.map(([whole]) => whole).join("") !== text) throw new Error(`no labels: ${text}`);
  return Object.fromEntries(
    labels.map(([, name, value]) => [name, value?.replaceAll(/\\./gs, (pair) => UNESCAPED[pair] ?? pair)]),
  );
}
