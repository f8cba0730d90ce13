import type { Node } from "constructs";

/** What CDK's context holds under the prefix, by names without it. */
export function contextUnder(node: Node, prefix: string): Record<string, unknown> {
  const context: Readonly<Record<string, unknown>> = node.getAllContext();
  const given = Object.entries(context).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(given.map(([name, value]) => [name.slice(prefix.length), value]));
}
