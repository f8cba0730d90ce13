/** As much of a browser's XMLHttpRequest, over fetch, as the grpc-web client asks of it (XMLHttpRequest standard). */
export class FetchedXmlHttpRequest {
  readyState = 0;
  status = 0;
  statusText = "";
  response: unknown = "";
  responseText = "";
  responseType = "";
  withCredentials = false;
  onreadystatechange: () => void = () => undefined;
  private request: { readonly method: string; readonly url: string } = { method: "GET", url: "" };
  private readonly sent = new Headers();
  private received = new Headers();

  open(method: string, url: string): void {
    this.request = { method, url };
    this.readyState = 1;
  }

  setRequestHeader(name: string, value: string): void {
    this.sent.append(name, value);
  }

  getResponseHeader(name: string): string | null {
    return this.received.get(name);
  }

  getAllResponseHeaders(): string {
    return [...this.received].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  }

  abort(): void {
    this.readyState = 0;
  }

  send(body: string | Uint8Array<ArrayBuffer>): void {
    this.fetched(body).catch(() => this.done(new ArrayBuffer(0)));
  }

  private async fetched(body: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const { method, url } = this.request;
    const answer = await fetch(url, { method, body, headers: this.sent });
    this.status = answer.status;
    this.statusText = answer.statusText;
    this.received = answer.headers;
    this.done(await answer.arrayBuffer());
  }

  private done(body: ArrayBuffer): void {
    this.response = body;
    if (this.responseType !== "arraybuffer") {
      this.responseText = Buffer.from(body).toString("latin1");
      this.response = this.responseText;
    }
    for (this.readyState = 2; this.readyState <= 4; this.readyState++) {
      this.onreadystatechange();
      if (this.readyState === 4) return;
    }
  }
}
