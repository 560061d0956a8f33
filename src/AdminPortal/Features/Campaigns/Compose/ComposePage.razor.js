// Keeps what is typed until the server has it: a copy in the browser at each keystroke, a change event for Blazor after a
// short pause, and again while the server has not confirmed it (the connection may have been away).
const pause = 600;
const insist = 4000;

export function attach(root, key, version) {
  const fields = () => [...root.querySelectorAll("[data-draft]")];
  const values = () => Object.fromEntries(fields().map((field) => [field.dataset.draft, field.value]));
  // What an earlier visit left behind; from here on the store holds what is typed now, which nobody needs to restore.
  const stored = localStorage.getItem(key);
  let typing = 0;
  let last = 0;
  let base = version;

  const tell = (field) => field.dispatchEvent(new Event("change", { bubbles: true }));

  root.addEventListener("input", (event) => {
    const field = event.target.closest?.("[data-draft]");
    if (!field) {
      return;
    }

    last = Date.now();
    try {
      localStorage.setItem(key, JSON.stringify({ version: base, at: last, ...values() }));
    } catch {
      // A full or forbidden store: the server's copy follows within a second.
    }

    clearTimeout(typing);
    typing = setTimeout(() => tell(field), pause);
  });

  root.addEventListener("click", (event) => {
    const text = event.target.closest?.("[data-insert]")?.dataset.insert;
    const area = root.querySelector("textarea[data-draft]");
    if (text && area) {
      area.focus();
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });

  // What was typed before this script was there; the server takes what it has already without a new version. Not while a
  // copy waits here to be restored: that one is newer than what the fields show.
  if (!stored) {
    fields().forEach(tell);
  }

  const timer = setInterval(() => {
    if (localStorage.getItem(key) && Date.now() - last > insist) {
      last = Date.now();
      fields().forEach(tell);
    }
  }, insist);

  return {
    read: () => stored,
    forget: () => localStorage.removeItem(key),
    saved(hash, savedVersion) {
      base = savedVersion;
      if (digest(values()) === hash) {
        localStorage.removeItem(key);
      }
    },
    dispose() {
      clearInterval(timer);
      clearTimeout(typing);
    },
  };
}

// FNV-1a over UTF-16 units; DraftDigest.cs does the same.
function digest(values) {
  let hash = 2166136261;
  for (const name of ["name", "subject", "html", "text"]) {
    const text = (values[name] ?? "").replace(/\r\n|[\r\n\f\u0085\u2028\u2029]/g, "\n");
    for (let i = 0; i < text.length; i++) {
      hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
    }

    hash = Math.imul(hash ^ 0xffff, 16777619);
  }

  return hash >>> 0;
}
