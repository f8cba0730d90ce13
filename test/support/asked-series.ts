/** What an expression of Prometheus asks for. */
export interface Asked {
  /** Series, with the labels that stand in their braces. */
  readonly series: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** Labels that sums and matches keep. */
  readonly grouped: readonly string[];
  /** Labels that a legend or a message shows. */
  readonly shown: readonly string[];
}

const words = (text: string): string[] => text.split(",").map((word) => word.trim());

export const askedBy = (expr: string, text = ""): Asked => ({
  series: [...expr.matchAll(/\b((?:skua|otelcol)_\w+)(?:\{([^}]*)\})?/g)].map(([, name = "", matchers = ""]) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!=|!~|=)/g)].map(([, label = ""]) => label),
  })),
  grouped: [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = ""]) => words(list)),
  shown: [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, label = ""]) => label),
});
