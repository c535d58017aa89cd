/** `/rpc` on the host that served the page, with the token of the page's own address. */
export function socketUrl(location: {
  readonly protocol: string;
  readonly host: string;
  readonly search: string;
}): string {
  const token = new URLSearchParams(location.search).get("token") ?? "";
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/rpc?token=${encodeURIComponent(token)}`;
}
