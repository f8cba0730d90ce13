import { createHash } from "node:crypto";
import { SCRIPT } from "./page-script.ts";
import { STYLE } from "./page-style.ts";

export interface PageParts {
  /** What stands before every path; "" or "/name". */
  readonly base: string;
  /** Undefined: port 4318 of the host that the page itself came from. */
  readonly otlpEndpoint: string | undefined;
}

/** The page at `/`: what has arrived, a trace by its id, and where to go from here. It loads nothing from anywhere else. */
export function queryPage(parts: PageParts): {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
} {
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
  };
  return { html: html(parts), headers };
}

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const escaped = (text: string): string => text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

const html = ({ base, otlpEndpoint }: PageParts): string => `<!doctype html>
<html lang="en" data-base="${escaped(base)}" data-otlp="${escaped(otlpEndpoint ?? "")}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Skua</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>Skua</h1><p>Jaeger without servers</p></header>
<main>
<section aria-labelledby="services-title">
<h2 id="services-title">Services</h2>
<p id="services-state" role="status">Loading …</p>
<ul id="services"></ul>
<button id="again" type="button">Look again</button>
</section>
<section id="first" aria-labelledby="first-title" hidden>
<h2 id="first-title">Send a first span</h2>
<p>Any OpenTelemetry SDK or Collector can send OTLP over HTTP here:</p>
<pre><code>OTEL_EXPORTER_OTLP_ENDPOINT=<span class="otlp"></span></code></pre>
<p>Or from a shell:</p>
<pre><code id="curl"></code></pre>
</section>
<section aria-labelledby="trace-title">
<h2 id="trace-title">Trace by id</h2>
<form id="trace-form">
<label for="trace-id">Trace id, up to 32 hex digits</label>
<input id="trace-id" name="id" autocomplete="off" spellcheck="false" required pattern="\\s*[0-9a-fA-F]{1,32}\\s*" aria-describedby="trace-state">
<button>Find</button>
</form>
<p id="trace-state" role="status"></p>
</section>
<section aria-labelledby="attach-title">
<h2 id="attach-title">Look at traces elsewhere</h2>
<dl>
<dt>Grafana</dt>
<dd>Add a data source of type Jaeger with this URL: <code class="here"></code></dd>
<dt>Kiali</dt>
<dd>Set <code>external_services.tracing</code> to <code>provider: jaeger</code>, <code>use_grpc: false</code> and <code>internal_url: <span class="here"></span></code></dd>
<dt>A Jaeger UI</dt>
<dd>Build or run one up to version 2.14 and let its server pass <code>/api</code> on to <code class="here"></code></dd>
<dt>A script</dt>
<dd><code>curl '<span class="here"></span>/api/traces?limit=1&amp;prettyPrint=true'</code></dd>
</dl>
</section>
<noscript><p>Without scripts: <a href="${escaped(base)}/api/services">services</a>, <a href="${escaped(base)}/api/traces?limit=20&amp;prettyPrint=true">newest traces</a></p></noscript>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
