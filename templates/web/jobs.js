// The jobs of several processes: their progress, and the results of those that this tab has begun, also
// after the page was loaded again.
const $ = (selector, inside = document) => inside.querySelector(selector);
const place = $("#jobs");
// The ids of the jobs whose results are awaited.
const awaited = new Set(JSON.parse(sessionStorage.getItem("jobs") || "[]"));
let shown;

const store = () => sessionStorage.setItem("jobs", JSON.stringify([...awaited]));

// Replaced only if something has changed. The focus stays on the button of the same job.
const show = (html) => {
  if (html === shown) return;
  shown = html;
  const focused = place.contains(document.activeElement) && document.activeElement.closest("[data-job]");
  const page = new DOMParser().parseFromString(html, "text/html");
  place.replaceChildren(...page.body.childNodes);
  if (focused) $(`[data-job="${CSS.escape(focused.dataset.job)}"] button`, place)?.focus();
};

document.addEventListener("updated", ({ detail: { jobs, jobs_html: html } }) => {
  show(html);
  for (const { id, state, result } of jobs) {
    if (state === "running" || !awaited.delete(id)) continue;
    document.dispatchEvent(new CustomEvent("result", { detail: { result, isError: state === "failed" } }));
  }
  // A daemon that was started again has other jobs.
  const known = new Set(jobs.map(({ id }) => id));
  awaited.forEach((id) => { if (!known.has(id)) awaited.delete(id); });
  store();
});
document.addEventListener("begun", ({ detail }) => {
  awaited.add(detail);
  store();
});
