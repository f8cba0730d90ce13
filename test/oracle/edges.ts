/** Dependency edges of whole traces, worked out span by span from the rules in docs/format.md ("Edges"). */
export interface PlainSpan {
  readonly trace: string;
  readonly id: string;
  readonly parent: string | undefined;
  /** Span ids of links into the same trace. */
  readonly links: readonly string[];
  readonly service: string;
  /** OTLP's number. */
  readonly kind: number;
  readonly peer: string | undefined;
}

const isClient = (span: PlainSpan) => span.kind === 3 || span.kind === 4;
const isServer = (span: PlainSpan) => span.kind === 2 || span.kind === 5;
const firstName = (spans: readonly PlainSpan[]) => spans.map((span) => span.service).sort()[0];

type Add = (parent: string, child: string) => void;

/** "parent > child" → calls. */
export function edgesOf(spans: readonly PlainSpan[]): Map<string, number> {
  const edges = new Map<string, number>();
  const add: Add = (parent, child) => edges.set(`${parent} > ${child}`, (edges.get(`${parent} > ${child}`) ?? 0) + 1);
  for (const own of Map.groupBy(spans, (span) => span.trace).values()) addTrace(own, add);
  return edges;
}

function addTrace(own: readonly PlainSpan[], add: Add): void {
  const byId = Map.groupBy(own, (span) => span.id);
  const referred = new Set(own.flatMap(referencesOf));
  for (const same of byId.values()) {
    const client = firstName(same.filter(isClient));
    const server = firstName(same.filter(isServer));
    if (client !== undefined && server !== undefined) add(client, server);
  }
  for (const span of own) {
    if (isServer(span) && byId.get(span.id)?.some(isClient)) continue;
    for (const id of referencesOf(span)) {
      const parents = byId.get(id) ?? [];
      const parent = firstName(parents.filter(isServer)) ?? firstName(parents);
      if (parent !== undefined) add(parent, span.service);
    }
    if (span.peer !== undefined && !referred.has(span.id)) add(span.service, span.peer);
  }
}

function referencesOf(span: PlainSpan): string[] {
  const ids = new Set([...(span.parent === undefined ? [] : [span.parent]), ...span.links]);
  return [...ids].filter((id) => id !== span.id);
}
