// Pages work without this. It saves a waiting payer a moment, keeps a form from being sent twice,
// and shows an order's end when its time is up.
(() => {
  "use strict";
  const wait = document.querySelector("[data-status]");
  if (wait) {
    const shown = wait.dataset.state;
    const look = async () => {
      try {
        const answer = await fetch(wait.dataset.status, { cache: "no-store" });
        if (answer.ok && (await answer.json()).state !== shown) {
          location.reload();
          return;
        }
      } catch {
        // Off the net for a moment: look again.
      }
      setTimeout(look, document.hidden ? 5000 : 1200);
    };
    setTimeout(look, 800);
  }
  const form = document.querySelector("form[data-once]");
  if (form) {
    const button = form.querySelector("button");
    const label = button.textContent;
    form.addEventListener("submit", () => {
      button.setAttribute("aria-disabled", "true");
      button.setAttribute("aria-busy", "true");
      button.querySelector("span").textContent = button.dataset.sending;
      form.addEventListener("submit", (event) => event.preventDefault());
    });
    addEventListener("pageshow", (event) => {
      if (event.persisted) {
        button.textContent = label;
        location.reload();
      }
    });
    const left = Number(form.dataset.seconds);
    if (left > 0 && left < 86400) {
      setTimeout(() => location.reload(), (left + 1) * 1000);
    }
  }
})();
