// Starts Blazor and brings the page back by itself when the server was away.
//
// While the server cannot be reached the script tries again every few seconds, without an end: a restart or a laptop's
// sleep needs no hand. A server that was started again does not know the old circuit and rejects it; the script then
// only sets a class on the element below and leaves the page dead. So the class is watched and the page reloads: its
// state is in its address. (.NET 10's own script raises an event there; this one does not, see BlazorScript.targets.)
(() => {
  const overlay = document.getElementById("components-reconnect-modal");
  const gone = ["components-reconnect-rejected", "components-reconnect-failed"];

  if (overlay) {
    new MutationObserver(() => {
      if (gone.some((name) => overlay.classList.contains(name))) {
        reloadWhenUp();
      }
    }).observe(overlay, { attributes: true, attributeFilter: ["class"] });
  }

  let reloading = false;
  async function reloadWhenUp() {
    if (reloading) {
      return;
    }

    reloading = true;
    for (;;) {
      try {
        // Any answer will do: it shows that a server listens.
        await fetch(document.baseURI, { method: "HEAD", cache: "no-store", redirect: "manual" });
        location.reload();
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  Blazor.start({
    circuit: {
      reconnectionOptions: {
        maxRetries: 100000,
        retryIntervalMilliseconds: (attempt) => (attempt < 20 ? 500 : 3000),
      },
    },
  });
})();
