import { createHash } from "node:crypto";
import { Script } from "node:vm";
import { expect, test } from "vitest";
import { queryPage } from "../../../lib/http/page.ts";

const page = queryPage({ base: "/jaeger", otlpEndpoint: 'https://in.example/"><script>alert(1)</script>' });
const inside = (tag: string) =>
  [...page.html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, "g"))].map((found) => found[1] ?? "");
const policy = page.headers["Content-Security-Policy"] ?? "";

test("the page carries one script and one style, and its policy allows exactly these", () => {
  for (const tag of ["script", "style"]) {
    const [text, ...more] = inside(tag);
    expect(more).toEqual([]);
    expect(policy).toContain(
      `${tag}-src 'sha256-${createHash("sha256")
        .update(text ?? "")
        .digest("base64")}'`,
    );
  }
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain("unsafe");
});

test("the page loads nothing from elsewhere and has no inline handlers or styles", () => {
  expect(page.html).not.toMatch(/<(link|img|iframe|object)\b/);
  expect(page.html).not.toMatch(/\s(src|style|on[a-z]+)=/);
  expect(page.html).not.toMatch(/href="(?!\/jaeger\/api\/)/);
});

test("the script compiles, and what the operator set stands in the page as text", () => {
  for (const script of inside("script")) expect(() => new Script(script)).not.toThrow();
  expect(page.html).toContain('data-base="/jaeger"');
  expect(page.html).not.toContain("alert(1)</script>");
});

test("every control has a label, every section a heading, the page a language", () => {
  expect(page.html).toMatch(/<html lang="en"/);
  expect(page.html).toContain('<label for="trace-id">');
  for (const [, id] of page.html.matchAll(/<section[^>]* aria-labelledby="([^"]+)"/g)) {
    expect(page.html).toContain(`<h2 id="${id}">`);
  }
});
