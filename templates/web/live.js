// Keeps the list of processes fresh: whenever something changes, it is fetched again. Without this
// script the page is the same, but for its age.
(() => {
  "use strict";
  const PARTS = [".mood", ".counts", ".processes"];
  const STATES =
    ["STOPPED", "STARTING", "RUNNING", "BACKOFF", "STOPPING", "EXITED", "FATAL", "UNKNOWN"];
  const TYPES = [
    ...STATES.map((state) => "PROCESS_STATE_" + state),
    "PROCESS_GROUP_ADDED", "PROCESS_GROUP_REMOVED", "SUPERVISOR_STATE_CHANGE_STOPPING", "TICK_5",
  ];
  // Several changes at once are shown at once.
  const PAUSE = 200;
  let planned = false;

  // The password may stand in the address of the page; a script must not repeat it there.
  const address = (path) => {
    const url = new URL(path, location.href);
    url.username = url.password = "";
    return url.href;
  };

  const replace = (part, fresh) => {
    const [old, now] = [document, fresh].map((page) => page.querySelector(part));
    if (!old || !now || old.outerHTML === now.outerHTML) return;
    const focused = old.contains(document.activeElement) && document.activeElement;
    const label = focused && focused.getAttribute("aria-label");
    old.replaceWith(now);
    if (label) now.querySelector(`[aria-label="${CSS.escape(label)}"]`)?.focus();
  };

  const refresh = async () => {
    planned = false;
    try {
      const answer = await fetch(address("index.html"), { credentials: "same-origin" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      PARTS.forEach((part) => replace(part, fresh));
    } catch {
      // The daemon is away; the stream says when it is back.
    }
  };

  const plan = () => {
    if (!planned) setTimeout(refresh, PAUSE);
    planned = true;
  };

  const events = new EventSource(address("events?types=" + TYPES.join()));
  TYPES.forEach((type) => events.addEventListener(type, plan));
  events.addEventListener("open", plan);
})();
