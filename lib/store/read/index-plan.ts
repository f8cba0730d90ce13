import type { Tag, TraceQuery } from "../../model/trace-query.ts";
import type { MergedHead } from "../merge/types.ts";
import {
  CUT_TERM,
  operationNameTerm,
  operationTerm,
  scopeNameTerm,
  scopeVersionTerm,
  tagTerm,
} from "../segment/term-hash.ts";
import type { Head } from "../segment/types.ts";
import { type Reading, readings } from "./conditions.ts";
import { isOpen } from "./is-open.ts";

/** What the index can say of one way to satisfy a tag. It may say yes too often, never no. */
export type Way =
  | { readonly by: "term"; readonly hash: number }
  /** Only what resources and scopes carry: a posting's sources. */
  | { readonly by: "sources"; readonly hash: number }
  /** Bit n: OTLP's status code n. */
  | { readonly by: "status"; readonly mask: number }
  /** Bit n: OTLP's kind n. */
  | { readonly by: "kind"; readonly mask: number };

/** A query as the index answers it: every condition needs one of its ways. */
export interface IndexPlan {
  readonly query: TraceQuery;
  readonly conditions: Conditions;
  /** Worth a look only where the rows are more than one part: rows name their operation themselves. */
  readonly operation: Way | undefined;
}

export function indexPlan(query: TraceQuery): IndexPlan {
  return { query, conditions: query.tags.map(ways), operation: operationWay(query) };
}

const ways = (tag: Tag): Way[] => readings(tag).map((reading) => way(reading));

function way(reading: Reading): Way {
  switch (reading.of) {
    case "attribute":
      return { by: "term", hash: tagTerm(reading.key, reading.value) };
    case "resource":
      return { by: "sources", hash: tagTerm(reading.key, reading.value) };
    case "status":
      return { by: "status", mask: reading.codes.reduce((mask, code) => mask | (1 << code), 0) };
    case "kind":
      return { by: "kind", mask: 1 << reading.kind };
    case "scopeName":
      return { by: "sources", hash: scopeNameTerm(reading.value) };
    case "scopeVersion":
      return { by: "sources", hash: scopeVersionTerm(reading.value) };
    case "eventName":
      return { by: "term", hash: tagTerm("event", reading.value) };
  }
}

function operationWay({ service, operation }: TraceQuery): Way | undefined {
  if (operation === undefined) return undefined;
  const hash = service === undefined ? operationNameTerm(operation) : operationTerm(service, operation);
  return { by: "term", hash };
}

export type Conditions = readonly (readonly Way[])[];

/** Whether some condition is answered by postings alone, so that what it asks may be rare. */
export const isSelective = (plan: IndexPlan): boolean =>
  plan.conditions.some((ways) => ways.every((way) => way.by === "term" || way.by === "sources"));

/** The conditions that one segment is asked. @param isKnown whether its operations need not be read for it */
export function conditionsFor(plan: IndexPlan, head: Head, isKnown: (way: Way) => boolean): Conditions {
  const conditions = head.cutSpans > 0 ? plan.conditions.map(withCut) : plan.conditions;
  const { operation } = plan;
  // Names of operations are terms of every span.
  const isWorthIt = operation !== undefined && (head.rowParts > 1 || isKnown(operation));
  return isWorthIt ? [...conditions, [operation]] : conditions;
}

/** What has more attributes than terms may carry the one that is asked for. */
const withCut = (some: readonly Way[]): readonly Way[] => [
  ...some,
  ...some.flatMap((way): Way[] => ("hash" in way ? [{ by: way.by, hash: CUT_TERM }] : [])),
];

/** The terms that a merged segment is asked: those of every condition, and what its inputs may have to be asked besides. */
export function mergedHashes({ conditions, operation }: IndexPlan, { cutSpans }: MergedHead): number[] {
  const ways = [...conditions.flat(), ...(operation === undefined ? [] : [operation])];
  const hashes = ways.flatMap((way) => ("hash" in way ? [way.hash] : []));
  return [...new Set(cutSpans > 0 && hashes.length > 0 ? [...hashes, CUT_TERM] : hashes)];
}

/** Whether what a merged segment's head says leaves it open that a span inside matches. */
export const mayMatchMerged = ({ query }: IndexPlan, head: MergedHead): boolean => isOpen(head, query);

/** Whether the head leaves it open that a span inside matches. */
export function mayMatch({ query }: IndexPlan, head: Head): boolean {
  const { service, operation } = query;
  return (
    isOpen(head, query) &&
    (service === undefined || head.mayHoldService(service)) &&
    (service === undefined || operation === undefined || head.mayHoldOperation(service, operation))
  );
}
