// The console's script. Content is fetched only while somebody holds, covers itself again, and for how long it was
// seen is told to its owner's own record. Without the script, forms and links do the same in more steps.
"use strict";
(() => {
  const form = document.getElementById("decision");
  const csrf = form ? form.elements.csrf.value : "";
  const token = form ? form.elements.token.value : "";
  const post = (path, fields) => {
    const body = new URLSearchParams({ csrf, token, ...fields });
    // What may outlive its page is small: a browser refuses more than 64 KB.
    return fetch(path, { method: "POST", body, keepalive: body.toString().length < 60000, credentials: "same-origin" });
  };

  // Holding.
  const veils = [...document.querySelectorAll(".veil")];
  const state = new Map();
  const spansOf = (player) => [...Array(player ? player.played.length : 0).keys()].map((n) => [player.played.start(n), player.played.end(n)]);
  const tell = (veil) => {
    const one = state.get(veil);
    const player = veil.querySelector("video, audio");
    const heard = one.heard || (player !== null && !player.muted && player.volume > 0 && player.played.length > 0);
    one.heard = heard;
    post(veil.dataset.seen, { ms: String(one.ms), spans: JSON.stringify(spansOf(player)), sound: heard ? "1" : "0" }).catch(() => {});
  };
  const cover = (veil) => {
    const one = state.get(veil);
    if (!one || one.since === null) return;
    one.ms += Math.round(performance.now() - one.since);
    one.since = null;
    clearTimeout(one.timer);
    veil.classList.remove("held");
    veil.querySelector(".content").hidden = true;
    veil.querySelector("video, audio")?.pause();
    tell(veil);
  };
  const picture = (veil) => {
    const image = document.createElement("img");
    image.alt = veil.dataset.alt;
    image.draggable = false;
    image.src = veil.dataset.content;
    return image;
  };
  const player = (veil) => {
    const video = document.createElement("video");
    video.controls = true;
    video.preload = "none";
    video.muted = veil.dataset.muted === "1";
    video.volume = Number(veil.dataset.volume) / 100;
    video.addEventListener("volumechange", () => { video.volume = Math.min(video.volume, Number(veil.dataset.volume) / 100); });
    video.setAttribute("controlslist", "nodownload noremoteplayback");
    video.disablePictureInPicture = true;
    video.setAttribute("aria-label", veil.dataset.alt);
    video.src = veil.dataset.content;
    return video;
  };
  const text = (veil) => {
    const pre = document.createElement("pre");
    pre.dir = "auto";
    fetch(veil.dataset.content, { credentials: "same-origin", cache: "no-store" })
      .then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); return answer.text(); })
      .then((words) => { pre.textContent = words; })
      .catch(() => { pre.textContent = "…"; });
    return pre;
  };
  const makers = { picture, player, text };
  const show = (veil) => {
    const one = state.get(veil);
    if (!one || one.since !== null) return;
    for (const other of veils) cover(other);
    const content = veil.querySelector(".content");
    if (!content.firstChild) content.append(makers[veil.dataset.how](veil));
    content.hidden = false;
    one.since = performance.now();
    veil.classList.add("held");
    // What is played is covered by its own end; a picture or a text covers itself.
    if (veil.dataset.how !== "player") one.timer = setTimeout(() => cover(veil), Number(veil.dataset.hide) * 1000);
  };
  for (const veil of veils) {
    const held = veil.dataset.hold === "1" && veil.dataset.how !== "player";
    state.set(veil, { since: null, ms: 0, timer: 0, heard: false });
    const inPlayer = (event) => event.target.closest("video") !== null;
    veil.addEventListener("pointerdown", (event) => {
      if (inPlayer(event)) return;
      event.preventDefault();
      veil.focus({ preventScroll: true });
      if (veil.classList.contains("held") && !held) cover(veil);
      else show(veil);
    });
    if (held) for (const name of ["pointerup", "pointerleave", "pointercancel"]) veil.addEventListener(name, () => cover(veil));
    veil.addEventListener("keydown", (event) => {
      if (event.key !== " " || inPlayer(event)) return;
      event.preventDefault();
      if (event.repeat) return;
      if (veil.classList.contains("held") && !held) cover(veil);
      else show(veil);
    });
    if (held) veil.addEventListener("keyup", (event) => { if (event.key === " ") { event.preventDefault(); cover(veil); } });
    for (const name of ["contextmenu", "dragstart"]) veil.addEventListener(name, (event) => event.preventDefault());
  }
  const coverAll = () => veils.forEach(cover);
  window.addEventListener("blur", coverAll);
  window.addEventListener("pagehide", coverAll);
  document.addEventListener("visibilitychange", () => { if (document.hidden) coverAll(); });

  // The lease: a beat while somebody is here, with the draft; a countdown in words.
  const draft = () => JSON.stringify([...new FormData(form)].filter(([name]) => name !== "csrf" && name !== "token"));
  const lease = document.getElementById("lease");
  if (lease && form) {
    const countdown = document.getElementById("countdown");
    let until = Date.parse(lease.dataset.until);
    const beat = async () => {
      if (document.hidden) return;
      try {
        const answer = await post(lease.dataset.beat, { draft: draft() });
        if (!answer.ok) throw new Error(String(answer.status));
        until = Date.parse((await answer.json()).lease_until);
        lease.classList.remove("lost");
      } catch { lease.classList.add("lost"); }
    };
    const tick = () => {
      const left = Math.max(0, Math.round((until - Date.now()) / 1000));
      const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      countdown.textContent = lease.classList.contains("lost") ? countdown.dataset.lost : countdown.dataset.words.replace("{time}", time);
      countdown.classList.toggle("tone-care", left < 60 || lease.classList.contains("lost"));
    };
    setInterval(tick, 1000);
    setInterval(beat, 30000);
    form.addEventListener("change", beat);
    document.getElementById("stopping")?.addEventListener("submit", (event) => { event.target.elements.draft.value = draft(); });
    tick();
  }

  // Keys.
  const items = [...document.querySelectorAll("[data-item]")];
  let current = -1;
  const go = (step) => {
    if (!items.length) return;
    if (current >= 0) items[current].classList.remove("current");
    current = Math.min(items.length - 1, Math.max(0, current + step));
    items[current].classList.add("current");
    items[current].scrollIntoView({ block: "nearest" });
    (items[current].querySelector(".veil") || items[current].querySelector("button:not([disabled]), a"))?.focus();
  };
  let escaped = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      coverAll();
      if (performance.now() - escaped < 800 && escaped) document.getElementById("stop")?.click();
      escaped = performance.now();
      return;
    }
    if (event.target.matches("input, textarea, select, video") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") go(1);
    else if (event.key === "k") go(-1);
    else if (event.key === "d") document.querySelector("#decision select, #decision input:not([type=hidden])")?.focus();
    else if (/^[1-9]$/.test(event.key) && current >= 0) {
      const select = document.querySelector(`#verdict-${items[current].dataset.item} select`);
      if (select && select.options.length > Number(event.key)) {
        select.selectedIndex = Number(event.key);
        select.dispatchEvent(new Event("change", { bubbles: true }));
      }
    }
  });
})();
