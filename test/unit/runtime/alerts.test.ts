import { expect, test } from "vitest";
import { readAlerts } from "../../../lib/runtime/alerts.ts";

const cart = { service: "cart", errorRate: 0.05 };
const read = (value: unknown) => readAlerts(JSON.stringify(value), "alerts.json");

test("an alert is of the default tenant, and every call counts, unless it says otherwise", () => {
  expect(read([cart])).toEqual([{ ...cart, tenant: "default", minCalls: 1 }]);
  const all = { tenant: "acme", service: "cart", errorRate: 1, p95Ms: 250.5, minCalls: 20 };
  expect(read([all])).toEqual([all]);
});

test.each([
  ["alerts.json.0.errorRate: expected a number above 0, 1 at most", [{ ...cart, errorRate: 5 }]],
  ["alerts.json.0.p95Ms: expected a number above 0", [{ service: "cart", p95Ms: 0 }]],
  ["alerts.json.0.minCalls: expected a whole number above 0", [{ ...cart, minCalls: 0.5 }]],
  ["alerts.json.0.service: expected a name of 1 to 200 characters", [{ ...cart, service: "" }]],
  ["alerts.json.1.tenant: expected 1 to 63 of", [cart, { ...cart, tenant: "a b" }]],
  ["alerts.json.0: expected errorRate or p95Ms", [{ service: "cart" }]],
  ["alerts.json: expected each service once", [cart, cart]],
  ["alerts.json: expected 20 at most", Array.from({ length: 21 }, (_, n) => ({ ...cart, service: `cart ${n}` }))],
  ["alerts.json.0: expected a list such as", [{ ...cart, errorRte: 1 }]],
  ["alerts.json: expected a list such as", {}],
])("what is wrong is named: %s", (message, value) => {
  expect(() => read(value)).toThrow(message);
});

test("the same service of two tenants may have an alert each", () => {
  expect(read([cart, { ...cart, tenant: "acme" }])).toHaveLength(2);
});

test("a text that is no JSON is told as such", () => {
  expect(() => readAlerts("[", "alerts.json")).toThrow("alerts.json: not JSON");
});
