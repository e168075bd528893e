// The quick exit: Escape twice, or the button. It leaves no way back to this page. Everything works without it.
"use strict";
(() => {
  const exit = document.querySelector("a.exit");
  if (!exit) {
    return;
  }
  const leave = (event) => {
    if (event) {
      event.preventDefault();
    }
    document.body.hidden = true;
    window.location.replace(exit.href);
  };
  let last = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") {
      return;
    }
    if (event.timeStamp - last < 1500 && last > 0) {
      leave(event);
    }
    last = event.timeStamp;
  });
  exit.addEventListener("click", leave);
  const wrong = document.getElementById("errors");
  if (wrong) {
    wrong.focus();
  }
})();
