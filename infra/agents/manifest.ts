import type { Section } from "./collector.ts";

/** One resource, as Kubernetes takes it. */
export interface Manifest extends Section {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Section & { readonly name: string };
}

export const NAME = "skua-agent";
export const CONFIG_MAP = `${NAME}-config`;
export const SETTINGS_MAP = `${NAME}-settings`;
export const TOKEN_SECRET = `${NAME}-token`;
export const CONFIG_FILE = "collector.yaml";

export const LABELS = { "app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": "skua" };

/** What selects an agent's pods. */
export const SELECTOR = { "app.kubernetes.io/name": NAME };

export const metadata = (namespace: string | undefined, more: Section = {}): Manifest["metadata"] => ({
  name: NAME,
  ...(namespace === undefined ? {} : { namespace }),
  labels: LABELS,
  ...more,
});
