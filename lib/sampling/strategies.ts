import * as z from "zod/mini";
import { invalid } from "../model/errors.ts";

/** How a service's or an operation's traces are sampled at their start. */
type Strategy =
  | { readonly type: "probabilistic" /** 0 to 1. */; readonly rate: number }
  | { readonly type: "ratelimiting" /** Whole, from 0. */; readonly tracesPerSecond: number };

export interface ServiceStrategy {
  readonly strategy: Strategy;
  /** Rates by operation; undefined where only the service counts. */
  readonly operations: OperationRates | undefined;
}

interface OperationRates {
  /** For operations that have no rate of their own. */
  readonly defaultRate: number;
  readonly rates: ReadonlyMap<string, number>;
}

/** What every service is told, looked up by its name. */
export interface Strategies {
  readonly default: ServiceStrategy;
  readonly services: ReadonlyMap<string, ServiceStrategy>;
}

/** What stands for a strategy that is not stated. Jaeger's all-in-one keeps everything, too; its bare library keeps one in a thousand. */
const UNSTATED_RATE = 1;
const UNSTATED: Strategy = { type: "probabilistic", rate: UNSTATED_RATE };

/** Without a file. */
export const KEEP_ALL: Strategies = { default: { strategy: UNSTATED, operations: undefined }, services: new Map() };

/** A file that says the same in words: Jaeger's own reader takes an empty one for none. */
export const KEEP_ALL_FILE = JSON.stringify({ default_strategy: { type: "probabilistic", param: UNSTATED_RATE } });

const TYPE = "expected probabilistic, ratelimiting or const";
const PARAM = "expected a number from 0";
const NAME = "expected a name";
const LIST = "expected a list";
const OBJECT = "expected an object";

const strategyShape = {
  type: z.optional(z.enum(["probabilistic", "ratelimiting", "const", ""], TYPE)),
  param: z.optional(z.number(PARAM).check(z.nonnegative(PARAM))),
};
const name = z.string(NAME).check(z.minLength(1, NAME));
const operations = z.optional(z.nullable(z.array(z.object({ operation: name, ...strategyShape }, OBJECT), LIST)));

const File = z.object(
  {
    default_strategy: z.optional(z.nullable(z.object({ ...strategyShape, operation_strategies: operations }, OBJECT))),
    service_strategies: z.optional(
      z.nullable(
        z.array(z.object({ service: name, ...strategyShape, operation_strategies: operations }, OBJECT), LIST),
      ),
    ),
  },
  OBJECT,
);

type StatedStrategy = { readonly type?: string | undefined; readonly param?: number | undefined };
type StatedOperations = readonly (StatedStrategy & { readonly operation: string })[] | null | undefined;

/**
 * A strategies file in Jaeger's own JSON (jaeger-wire 4.7), to which `const` is added. What Jaeger's provider skips or replaces
 * with a line in its log is refused here, with its path: nobody reads that line.
 * @param source what to call the text: a file's name
 */
export function readStrategies(text: string, source: string): Strategies {
  const parsed = File.safeParse(parseJson(text, source));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${source}: ${pathText(issue?.path ?? [])}: ${issue?.message ?? OBJECT}`);
  }
  const { default_strategy, service_strategies } = parsed.data;
  const byDefault = serviceStrategy(
    default_strategy ?? {},
    default_strategy?.operation_strategies,
    `${source}: default_strategy`,
  );
  const services = (service_strategies ?? []).map((stated, i): [string, ServiceStrategy] => {
    const own = serviceStrategy(stated, stated.operation_strategies, `${source}: service_strategies.${i}`);
    return [stated.service, { ...own, operations: inherited(own, byDefault.operations) }];
  });
  return { default: byDefault, services: new Map(services) };
}

/** What the service is told; a service of which nothing is stated, the default. */
export const strategyFor = ({ default: byDefault, services }: Strategies, service: string): ServiceStrategy =>
  services.get(service) ?? byDefault;

function serviceStrategy(stated: StatedStrategy, operations: StatedOperations, path: string): ServiceStrategy {
  const strategy = strategyOf(stated, path);
  if (operations === undefined || operations === null || operations.length === 0)
    return { strategy, operations: undefined };
  const rates = operations.map((each, i): [string, number] => {
    const own = strategyOf(each, `${path}.operation_strategies.${i}`);
    if (own.type !== "probabilistic")
      throw invalid(
        `${path}.operation_strategies.${i}.type "${own.type}": expected probabilistic or const, which is all that clients know for an operation`,
      );
    return [each.operation, own.rate];
  });
  return { strategy, operations: { defaultRate: rateOf(strategy), rates: new Map(rates) } };
}

/** The default's operations hold for a service as well, where it says nothing of its own about them. */
function inherited({ strategy, operations }: ServiceStrategy, byDefault: OperationRates | undefined) {
  if (byDefault === undefined) return operations;
  if (operations !== undefined) return { ...operations, rates: new Map([...byDefault.rates, ...operations.rates]) };
  return { ...byDefault, defaultRate: strategy.type === "probabilistic" ? strategy.rate : byDefault.defaultRate };
}

const rateOf = (strategy: Strategy): number => (strategy.type === "probabilistic" ? strategy.rate : UNSTATED_RATE);

function strategyOf({ type, param }: StatedStrategy, path: string): Strategy {
  if (type === undefined || type === "") return UNSTATED;
  if (type === "ratelimiting") return { type, tracesPerSecond: Math.trunc(param ?? 0) };
  const rate = param ?? 0;
  if (rate > 1) throw invalid(`${path}.param ${rate}: expected a probability from 0 to 1`);
  if (type === "const" && rate !== 0 && rate !== 1) throw invalid(`${path}.param ${rate}: expected 0 or 1`);
  return { type: "probabilistic", rate };
}

const pathText = (path: readonly PropertyKey[]): string => path.join(".") || "the whole";

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(`${source}: expected JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
