// The shell's small reflexes that must not wait for the server: menus, the drawer, Ctrl+K, the theme.
(() => {
  const menuItems = (menu) => [...menu.querySelectorAll(".lp-menu-item:not(:disabled)")];

  // A menu is a native popover; the browser closes it on Escape and on a click elsewhere. It is placed here.
  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      if (!(menu instanceof HTMLElement) || !menu.classList.contains("lp-menu")) {
        return;
      }

      const button = document.querySelector(`[popovertarget="${CSS.escape(menu.id)}"]`);
      const open = event.newState === "open";
      button?.setAttribute("aria-expanded", String(open));
      if (!open || !button) {
        return;
      }

      const at = button.getBoundingClientRect();
      const gap = 4;
      const below = at.bottom + gap + menu.offsetHeight <= innerHeight || at.top < menu.offsetHeight;
      const top = below ? at.bottom + gap : at.top - gap - menu.offsetHeight;
      const left = menu.dataset.align === "end" ? at.right - menu.offsetWidth : at.left;
      menu.style.top = `${Math.max(8, Math.min(top, innerHeight - menu.offsetHeight - 8))}px`;
      menu.style.left = `${Math.max(8, Math.min(left, innerWidth - menu.offsetWidth - 8))}px`;
      menuItems(menu)[0]?.focus();
    },
    true,
  );

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      const palette = document.getElementById("lp-search");
      if (palette) {
        event.preventDefault();
        openSearch(palette);
      }

      return;
    }

    const menu = event.target instanceof Element ? event.target.closest(".lp-menu") : null;
    if (menu && ["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) {
      event.preventDefault();
      const items = menuItems(menu);
      const step = event.key === "ArrowDown" ? 1 : -1;
      const index = items.indexOf(document.activeElement);
      const next =
        event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : (index + step + items.length) % items.length;
      items[next]?.focus();
    }
  });

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element)) {
      return;
    }

    // The choice has been made; Blazor's own handler has the click already.
    event.target.closest(".lp-menu-item")?.closest("[popover]")?.hidePopover();

    const opener = event.target.closest("[data-lp-open]");
    if (opener) {
      openSearch(document.getElementById(opener.dataset.lpOpen));
    }

    // A click on a row is one on its link, so that the address is gone to once. With a modifier it is not meant.
    const row = event.target.closest(".list-table-link");
    if (
      row &&
      !event.target.closest("a, button, input, select, label, [data-lp-apart]") &&
      !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
    ) {
      row.querySelector("a[href]")?.click();
    }

    // A click on the backdrop hits the dialog itself.
    if (event.target instanceof HTMLDialogElement && event.target.classList.contains("lp-palette")) {
      event.target.close();
    }

    // A link in the drawer or in the palette leads away from it.
    if (event.target.closest("a[href]")) {
      event.target.closest("dialog.lp-palette")?.close();
      document.getElementById("lp-nav")?.removeAttribute("data-open");
    }

    const drawer = event.target.closest("[data-lp-drawer]");
    if (drawer) {
      const nav = document.getElementById("lp-nav");
      const open = drawer.dataset.lpDrawer === "open";
      nav?.toggleAttribute("data-open", open);
      document
        .querySelector('[data-lp-drawer="open"]')
        ?.setAttribute("aria-expanded", String(open));
      (open ? nav?.querySelector("a, button") : document.querySelector('[data-lp-drawer="open"]'))?.focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    const nav = document.getElementById("lp-nav");
    if (event.key === "Escape" && nav?.hasAttribute("data-open") && !document.querySelector(":popover-open, dialog[open]")) {
      nav.removeAttribute("data-open");
      const opener = document.querySelector('[data-lp-drawer="open"]');
      opener?.setAttribute("aria-expanded", "false");
      opener?.focus();
    }
  });

  function openSearch(palette) {
    if (palette && !palette.open) {
      palette.showModal();
      palette.querySelector("input")?.select();
    }
  }

  // Before Blazor's router, which would take the link for a navigation and leave the focus where it is.
  document.addEventListener(
    "click",
    (event) => {
      if (event.target instanceof Element && event.target.closest("[data-lp-skip]")) {
        event.preventDefault();
        document.querySelector("main")?.focus();
      }
    },
    true,
  );

  // "system" forgets the choice. The cookie lets the server write data-theme into the first byte of the next page.
  window.ledgerpost = {
    theme: () => document.documentElement.dataset.theme ?? "system",
    setTheme(theme) {
      if (theme === "system") {
        delete document.documentElement.dataset.theme;
        document.cookie = "lp-theme=; path=/; max-age=0; samesite=lax";
      } else {
        document.documentElement.dataset.theme = theme;
        document.cookie = `lp-theme=${theme}; path=/; max-age=31536000; samesite=lax`;
      }
    },
    focusTitle() {
      if (!document.activeElement?.matches("input, textarea, select, [contenteditable]")) {
        document.querySelector("h1")?.focus();
      }
    },
    closeDialog: (id) => document.getElementById(id)?.close(),
    async copy(text) {
      try {
        await navigator.clipboard.writeText(text);
        return true;
      } catch {
        return false;
      }
    },
  };
})();
