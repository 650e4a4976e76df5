// Keeps a page up to date. It works without: whoever reloads sees the same.
//
// The server says that something changed; the page then fetches itself and takes over the parts
// that are marked with data-live. Forms are never among them, so what is typed stays, and so
// does the focus.
"use strict";

(() => {
  const { page, source } = document.body.dataset;

  // A form is sent once, however often it is clicked. (The server would count it once too.)
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });

  // What was done is said once, not again at each reload.
  const url = new URL(location.href);
  if (url.searchParams.has("done")) {
    url.searchParams.delete("done");
    url.searchParams.delete("again");
    history.replaceState(null, "", url);
  }

  // Where a form was refused, its first wrong field is where to go on.
  const wrong = document.querySelector("[aria-invalid=true]");
  wrong?.focus();
  wrong?.select?.();

  if (!page || !source) return;

  const keys = (part) => new Set([...part.querySelectorAll("[data-key]")].map((line) => line.dataset.key));

  const take = (part, fresh) => {
    if (part.dataset.live === "value") {
      part.value = fresh.value;
      return;
    }
    if (part.innerHTML === fresh.innerHTML) return;
    const known = keys(part);
    const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    part.replaceChildren(...fresh.childNodes);
    for (const line of part.querySelectorAll("[data-key]")) {
      if (!known.has(line.dataset.key)) line.classList.add("fresh");
    }
    if (focused) [...part.querySelectorAll("a")].find((a) => a.getAttribute("href") === focused)?.focus();
  };

  const typed = () => [...document.querySelectorAll("#actions input:not([type=hidden])")].some((input) => input.value !== "");

  const merge = (next) => {
    // An account that is in another state needs other forms. What is typed is not thrown away.
    const status = (of) => of.getElementById("actions")?.dataset.status;
    if (status(document) !== status(next) && !typed()) {
      location.replace(page);
      return;
    }
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = next.getElementById(part.id);
      if (fresh) take(part, fresh);
    }
  };

  let busy = false;
  let again = false;
  const refresh = async () => {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
      again = false;
      try {
        const answer = await fetch(page, { cache: "no-store", credentials: "same-origin" });
        if (answer.ok) merge(new DOMParser().parseFromString(await answer.text(), "text/html"));
        else if (answer.status === 503) setTimeout(refresh, 1000 + Math.random() * 1000); // what is shown is old until then
      } catch {
        // The bank can't be reached. The stream notices too, and asks for this again.
      }
    }
    busy = false;
  };

  const state = document.getElementById("live-state");
  const say = (on) => {
    state.hidden = false;
    state.toggleAttribute("data-on", on);
    state.querySelector("[data-text]").textContent = on ? "Live" : "Reconnecting";
  };

  let stream = null;
  const open = () => {
    if (stream) return;
    stream = new EventSource(source);
    stream.addEventListener("open", () => {
      say(true);
      refresh(); // of what happened while nobody listened
    });
    stream.addEventListener("change", refresh);
    stream.addEventListener("error", () => {
      say(false);
      if (stream?.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      stream = null;
      setTimeout(open, 3000 + Math.random() * 2000);
    });
  };
  const close = () => {
    stream?.close();
    stream = null;
  };

  // A page that nobody looks at gives its connection back: browsers have few of them.
  let hidden = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.visibilityState === "hidden") hidden = setTimeout(close, 60000);
    else open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.forms) delete form.dataset.sent;
    open();
  });
  open();
})();
