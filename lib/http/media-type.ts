/** A Content-Type without its parameters, in lower case; empty when there is none. */
export const mediaType = (contentType: string | undefined): string =>
  (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
