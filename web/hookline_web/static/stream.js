// The page's one live stream. Each event becomes DOM events on <body>, for hx-trigger and scripts:
//   hookline:<Type>                      e.g. hx-trigger="hookline:CampaignChanged from:body throttle:1s"
//   hookline:<Type>:campaign-<id>        narrower, one for each of campaign, call, agent, contact, client
//   hookline:resumed                     the stream is back after a break: what was missed follows by itself
// The browser reconnects and says by Last-Event-ID what it had; the server sends the rest.
(() => {
  "use strict";
  const { body } = document;
  if (!body.dataset.stream) return;
  const tell = (name, detail) => body.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  const things = ["campaign", "call", "agent", "contact", "client"];
  let stream = null, last = null, again = null, failures = 0;

  const live = (on) => { for (const mark of document.querySelectorAll("[data-live]")) mark.classList.toggle("on", on); };

  const onEvent = (event) => {
    last = event.lastEventId;
    const detail = JSON.parse(event.data);
    detail.type = event.type;
    tell(`hookline:${event.type}`, detail);
    for (const thing of things) {
      const id = detail[`${thing}_id`];
      if (id !== undefined) tell(`hookline:${event.type}:${thing}-${id}`, detail);
    }
  };

  const open = () => {
    clearTimeout(again);
    const address = new URL(body.dataset.stream, window.location);
    if (last !== null) address.searchParams.set("since", last);
    stream = new EventSource(address);
    stream.addEventListener("open", () => {
      live(true);
      if (failures) tell("hookline:resumed", {});
      failures = 0;
    });
    stream.addEventListener("error", () => {
      live(false);
      failures += 1;
      // CONNECTING: the browser tries by itself. CLOSED: the server answered with an error, e.g. a log-in is needed.
      if (stream.readyState === EventSource.CLOSED) again = setTimeout(check, Math.min(30000, 1000 * 2 ** failures));
    });
    for (const type of body.dataset.eventTypes.split(" ")) stream.addEventListener(type, onEvent);
  };

  // A session that has ended is told by the page itself: load it again and the log-in appears.
  const check = async () => {
    try {
      const answer = await fetch(body.dataset.stream, { headers: { Accept: "application/json" }, method: "HEAD" });
      if (answer.status === 401) { window.location.reload(); return; }
    } catch { /* the server is away: try again */ }
    open();
  };

  // A browser holds six connections to a server, for all its tabs: a tab that is out of sight gives its stream back
  // and catches up when it is looked at. An agent's tab keeps it, since the stream is how the server knows he is there.
  let rest = null;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(rest);
    if (document.hidden && !("keepStream" in body.dataset)) rest = setTimeout(() => { clearTimeout(again); stream.close(); live(false); }, 30000);
    else if (!document.hidden && stream.readyState === EventSource.CLOSED) open();
  });
  window.addEventListener("pagehide", () => stream?.close());
  window.addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  open();
})();
