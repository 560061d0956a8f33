// Passkeys: the browser's part. The server asks, the device answers, the server checks. Only the words are ours.
(() => {
  const headers = { "Content-Type": "application/json" };

  async function post(address, body) {
    const answer = await fetch(address, { method: "POST", headers, body: body ? JSON.stringify(body) : undefined });
    return await answer.json();
  }

  async function add(name) {
    try {
      const options = PublicKeyCredential.parseCreationOptionsFromJSON(await post("/you/passkeys/question"));
      const made = await navigator.credentials.create({ publicKey: options });
      const said = await post("/you/passkeys", { credential: JSON.stringify(made), name });
      return said.problem ?? "";
    } catch (failure) {
      return failure?.name === "InvalidStateError"
        ? "This device has a passkey for this account already."
        : "The device did not make a passkey. Nothing was changed.";
    }
  }

  async function signIn(button) {
    const problem = document.getElementById("passkey-problem");
    problem.textContent = "";
    button.disabled = true;
    try {
      const options = PublicKeyCredential.parseRequestOptionsFromJSON(await post("/account/passkey/question"));
      const shown = await navigator.credentials.get({ publicKey: options });
      const said = await post("/account/passkey", {
        credential: JSON.stringify(shown),
        return_url: new URLSearchParams(location.search).get("returnUrl"),
      });
      if (said.to) {
        location.assign(said.to);
        return;
      }

      problem.textContent = said.problem;
    } catch {
      problem.textContent = "No passkey was shown. Sign in with your password, or try again.";
    }

    button.disabled = false;
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-lp-passkey]") : null;
    if (button) {
      signIn(button);
    }
  });

  window.ledgerpostPasskeys = { add, known: () => typeof PublicKeyCredential !== "undefined" };
})();
