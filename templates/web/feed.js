// Keeps the list of processes for all tabs, as a worker that they share: one event stream, however
// many tabs are open, and none while all of them are hidden. Browsers without shared workers run it
// once in each tab.
"use strict";

const STATES =
  ["STOPPED", "STARTING", "RUNNING", "BACKOFF", "STOPPING", "EXITED", "FATAL", "UNKNOWN"];
const TYPES = [
  ...STATES.map((state) => "PROCESS_STATE_" + state),
  "PROCESS_GROUP_ADDED", "PROCESS_GROUP_REMOVED", "SUPERVISOR_STATE_CHANGE_STOPPING", "TICK_5",
];
// Milliseconds: several changes at once are fetched at once; without a heartbeat the list is
// fetched every second, which also works through a proxy that holds the stream back; a request that
// takes longer has failed; a stream that failed is opened again later; a tab that is silent for
// longer is gone.
const PAUSE = 50, SILENCE = 1500, POLL = 1000, CHECK = 500;
const PATIENCE = 5000, REOPEN = 3000, ABSENCE = 30000;

// The tabs of each version and language have a worker of their own, whose name ends with the language.
const LANGUAGE = self.name.split("-").pop();

// The visible tabs, with the time of their last message.
const tabs = new Map();
let stream, timer, planned, fetching, again, hasJobs;
let lastBeat = 0, fetched = 0, opened = 0;

const send = (message) => tabs.forEach((_, tab) => tab.postMessage(message));

const refresh = async () => {
  planned = false;
  if (fetching) return void (again = true);
  fetching = true;
  const asked = fetched = Date.now();
  const abort = new AbortController();
  const limit = setTimeout(() => abort.abort(), PATIENCE);
  try {
    const answer = await fetch("status.json?lang=" + LANGUAGE, { signal: abort.signal, cache: "no-store" });
    if (!answer.ok) throw answer.status;
    const list = await answer.json();
    hasJobs = list.jobs.some((job) => job.state === "running");
    send({ list, asked });
    open();
  } catch (problem) {
    send({ problem: typeof problem === "number" ? problem : 0 });
  }
  clearTimeout(limit);
  fetching = false;
  if (again) plan();
  again = false;
};

const plan = () => {
  if (!planned) setTimeout(refresh, PAUSE);
  planned = true;
};

const beat = () => {
  lastBeat = Date.now();
  send({ alive: true });
};

const open = () => {
  if (stream || !tabs.size || Date.now() - opened < REOPEN) return;
  opened = Date.now();
  stream = new EventSource("events?heartbeat=1&types=" + TYPES.join());
  stream.addEventListener("heartbeat", beat);
  TYPES.forEach((type) => stream.addEventListener(type, () => { beat(); plan(); }));
  stream.addEventListener("change", () => { beat(); plan(); });
  stream.addEventListener("open", plan);
  // Opened again when the list can be fetched.
  stream.addEventListener("error", () => { close(); plan(); });
};

const close = () => {
  if (stream) stream.close();
  stream = undefined;
};

// The steps of a job are no events; its progress is fetched.
const isDue = (now) => (hasJobs || now - lastBeat > SILENCE) && now - fetched >= POLL;

const check = () => {
  const now = Date.now();
  tabs.forEach((seen, tab) => { if (now - seen > ABSENCE) leave(tab); });
  if (tabs.size && isDue(now) && !fetching) refresh();
};

const enter = (tab) => {
  tabs.set(tab, Date.now());
  if (!timer) timer = setInterval(check, CHECK);
  plan();
};

const leave = (tab) => {
  tabs.delete(tab);
  if (tabs.size) return;
  close();
  clearInterval(timer);
  timer = undefined;
};

const serve = (tab) => {
  tab.onmessage = ({ data }) => {
    if (data === "hidden") leave(tab);
    else if (data === "visible") enter(tab);
    else tabs.set(tab, Date.now());
  };
};

if ("onconnect" in self) self.onconnect = (event) => serve(event.ports[0]);
else serve(self);
