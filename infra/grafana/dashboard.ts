import type { Dashboard } from "@grafana/schema";

/** The data source that panels ask, by the id that provisioning gives it. */
export interface Source {
  readonly type: "prometheus" | "cloudwatch";
  readonly uid: string;
}

/** A question of a panel, in its source's own words. */
export type Target = Readonly<Record<string, unknown>>;

interface Panel {
  readonly title: string;
  /** Grafana's name of what the values are in. */
  readonly unit: "short" | "ms" | "s" | "bytes" | "percentunit" | "currencyUSD";
  readonly targets: readonly Target[];
}

interface Variable {
  readonly name: string;
  readonly label: string;
  readonly query: string;
  /** Of what the query finds, what is meant. */
  readonly regex: string;
}

export interface DashboardParts {
  readonly uid: string;
  readonly title: string;
  readonly source: Source;
  readonly variables: readonly Variable[];
  readonly panels: readonly Panel[];
}

/** Grafana's grid is 24 wide. */
const WIDTH = 8;
const HEIGHT = 8;
const A_ROW = 24 / WIDTH;

/** From this version of Grafana's dashboard model on all of it is understood; newer ones bring it up to theirs. */
const SCHEMA_VERSION = 39;

/** A dashboard as Grafana keeps it: three panels a row. */
export const dashboard = ({ uid, title, source, variables, panels }: DashboardParts): Dashboard => ({
  ...{ uid, title, tags: ["skua"], editable: true, schemaVersion: SCHEMA_VERSION, version: 1 },
  ...{ time: { from: "now-3h", to: "now" }, refresh: "1m", timezone: "browser" },
  templating: {
    list: variables.map((variable) => ({
      ...{ type: "query", ...variable, datasource: source, refresh: 2, sort: 1, multi: false, includeAll: false },
    })),
  },
  panels: panels.map(({ title, unit, targets }, at) => ({
    ...{ id: at + 1, type: "timeseries", title, datasource: source },
    gridPos: { x: (at % A_ROW) * WIDTH, y: Math.floor(at / A_ROW) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: "auto" } }, overrides: [] },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
    targets: targets.map((target, n) => ({ refId: String.fromCharCode(65 + n), datasource: source, ...target })),
  })),
});
