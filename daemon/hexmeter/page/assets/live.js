"use strict";
// Puts in the sections that changed. Without it the page shows what it showed when it was opened.
(function () {
  const status = document.getElementById("live");
  let lost = false;

  function say(words) {
    if (status.textContent !== words) status.textContent = words;
    status.className = lost ? "notice" : "";
  }

  function replace(id, html) {
    const old = document.getElementById(id);
    const fresh = new DOMParser().parseFromString(html, "text/html").body.firstElementChild;
    if (!old || !fresh || fresh.id !== id) return;
    const open = new Set(Array.from(old.querySelectorAll("details[open]"), (one) => one.id));
    for (const one of fresh.querySelectorAll("details")) one.open = open.has(one.id);
    const held = old.contains(document.activeElement) ? pathOf(document.activeElement, old) : null;
    const scrolled = Array.from(old.querySelectorAll(".wide"), (one) => one.scrollLeft);
    const typed = Array.from(old.querySelectorAll("input"), (one) => [one.name, one.value]);
    const top = window.scrollY;
    old.replaceWith(fresh);
    fresh.querySelectorAll(".wide").forEach((one, index) => { one.scrollLeft = scrolled[index] || 0; });
    for (const [name, value] of typed) {
      const field = fresh.querySelector('input[name="' + name + '"]');
      if (field && field.type !== "hidden") field.value = value;
    }
    const again = held && find(held, fresh);
    if (again) again.focus({ preventScroll: true });
    window.scrollTo({ top: top, behavior: "instant" });
  }

  // The way to an element: from the nearest one with an id, by the places of children.
  function pathOf(element, root) {
    const places = [];
    let at = element;
    while (at !== root && !at.id) {
      places.unshift(Array.prototype.indexOf.call(at.parentElement.children, at));
      at = at.parentElement;
    }
    return { id: at.id, places: places };
  }

  function find(path, root) {
    let at = path.id === root.id ? root : document.getElementById(path.id);
    for (const place of path.places) at = at && at.children[place];
    return at;
  }

  const events = new EventSource("/events" + location.search);
  events.addEventListener("section", function (event) {
    const section = JSON.parse(event.data);
    replace(section.id, section.html);
  });
  events.addEventListener("open", function () {
    const words = lost ? "Connected again: the figures are live." : "";
    lost = false;
    say(words);
  });
  events.addEventListener("error", function () {
    lost = true;
    const ended = events.readyState === EventSource.CLOSED;
    say(
      "The connection to Hexmeter is lost: these figures may be old. " +
      (ended ? "Open it anew: hexmeter dashboard" : "Should it not come back, open it anew: hexmeter dashboard")
    );
  });
})();
