/** Four bytes as people write them. */
export const ipv4Text = (bytes: Uint8Array): string => bytes.join(".");

/** Sixteen bytes as RFC 5952 has them: the longest run of zeros left out; an IPv4 address that was mapped is one. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return ipv4Text(bytes.subarray(12));
  const hex = groups.map((group) => group.toString(16)).join(":");
  const runs = [...hex.matchAll(/\b0(?::0)+\b/g)];
  const longest = runs.reduce((best, run) => (run[0].length > best.length ? run[0] : best), "");
  if (longest === "") return hex;
  const at = runs.find((run) => run[0] === longest)?.index ?? 0;
  return `${hex.slice(0, at).replace(/:$/, "")}::${hex.slice(at + longest.length).replace(/^:/, "")}`;
}
