/** Runs in the browser. Names from spans become text nodes and encoded parts of links, never markup. */
export const SCRIPT = `
"use strict";
const { base, otlp } = document.documentElement.dataset;
const here = location.origin + base;
const endpoint = otlp || location.protocol + "//" + location.hostname + ":4318";
const byId = (id) => document.getElementById(id);
for (const node of document.querySelectorAll(".here")) node.textContent = here;
for (const node of document.querySelectorAll(".otlp")) node.textContent = endpoint;

const hex = (bytes) => Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (b) => b.toString(16).padStart(2, "0")).join("");

function firstSpan() {
  const now = BigInt(Date.now()) * 1000000n;
  const span = { traceId: hex(16), spanId: hex(8), name: "hello", kind: 2, startTimeUnixNano: String(now - 120000000n), endTimeUnixNano: String(now) };
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "my-service" } }] };
  const body = { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] };
  return "curl " + endpoint + "/v1/traces -H 'Content-Type: application/json' -d '" + JSON.stringify(body) + "'";
}

async function read(path) {
  const response = await fetch(base + path);
  const answer = await response.json().catch(() => ({}));
  const fault = (answer.errors || [])[0];
  if (!response.ok) throw new Error((fault && fault.msg) || "HTTP " + response.status);
  return answer;
}

async function showServices() {
  const state = byId("services-state");
  const list = byId("services");
  state.textContent = "Loading …";
  try {
    const names = (await read("/api/services")).data;
    list.replaceChildren(...names.map((name) => {
      const link = document.createElement("a");
      const start = (Date.now() - 3600000) * 1000;
      link.href = base + "/api/traces?" + new URLSearchParams({ service: name, start, limit: 20, prettyPrint: true });
      link.textContent = name;
      const item = document.createElement("li");
      item.append(link);
      return item;
    }));
    state.textContent = names.length === 0 ? "Nothing has arrived yet." : "Each leads to its newest traces of the last hour, as JSON.";
    byId("first").hidden = names.length > 0;
    if (names.length === 0) byId("curl").textContent = firstSpan();
  } catch (error) {
    list.replaceChildren();
    state.textContent = "Services could not be read: " + error.message;
  }
}

byId("trace-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const state = byId("trace-state");
  const id = byId("trace-id").value.trim();
  state.textContent = "Looking …";
  try {
    const trace = (await read("/api/traces/" + encodeURIComponent(id))).data[0];
    const link = document.createElement("a");
    link.href = base + "/api/traces/" + trace.traceID + "?prettyPrint=true";
    link.textContent = trace.traceID;
    const services = new Set(Object.values(trace.processes).map((process) => process.serviceName));
    state.replaceChildren(link, ": " + trace.spans.length + " spans, services " + [...services].sort().join(", "));
  } catch (error) {
    state.textContent = "Trace " + id + ": " + error.message;
  }
});

byId("again").addEventListener("click", showServices);
showServices();
`;
