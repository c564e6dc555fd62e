// Who is logged in on the page, and the dialog in which crews log in and out. A key is sent once and kept
// nowhere: the browser keeps a cookie that no script can read.
import * as api from "./api";
import { button, byId, h, svg } from "./dom";
import { formatDateTime, t, tValue } from "./i18n";

const NAME = "crew-name";

let session: api.Session | null = null;

export const crew = {
  /** The name that the author of changes gives; without one, changes bear the name of the key. */
  get name(): string { return sessionStorage.getItem(NAME) ?? ""; },
  /** Would logging in help? It does not where the service has no keys. */
  get mayLogIn(): boolean { return session !== null && session.takes_keys && session.known_by === "nobody"; },
};

/** The input for the name of who makes changes, kept until the tab is closed. */
export function nameField(): HTMLElement {
  const input = h("input", { type: "text", autocomplete: "off", maxlength: "80" });
  input.value = crew.name;
  input.addEventListener("input", () => sessionStorage.setItem(NAME, input.value.trim()));
  return h("label", {}, h("span", {}, t("crew.name")), input);
}

/** The form that opens a session with a key; `onDone` is called when it is open. */
export function logInForm(onDone: () => void): HTMLFormElement {
  const key = h("input", {
    type: "password", name: "key", autocomplete: "current-password", maxlength: "200", required: true, spellcheck: "false",
  });
  // Password managers file a secret under a user name.
  const user = h("input", {
    type: "text", name: "username", autocomplete: "username", value: "pointchaud", class: "visually-hidden",
    tabindex: -1, "aria-hidden": "true", readonly: true,
  });
  const problem = h("p", { class: "warning", role: "alert", hidden: true });
  const submit = h("button", { type: "submit", class: "primary" }, t("crew.log_in"));
  const form = h("form", { class: "key-form" }, user, h("label", {}, h("span", {}, t("crew.key")), key), problem, submit);
  const logIn = async (): Promise<void> => {
    submit.setAttribute("aria-busy", "true");
    try {
      session = await api.logIn(key.value.trim());
      key.value = "";
      onDone();
    } catch (error) {
      problem.hidden = false;
      problem.textContent = error instanceof api.ApiError ? error.message : t("notice.offline");
      key.select();
    } finally {
      submit.removeAttribute("aria-busy");
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (submit.getAttribute("aria-busy") !== "true") void logIn();
  });
  return form;
}

/** Who is logged in and until when, with the buttons that log out. */
function loggedIn(known: api.Session, onDone: () => void): HTMLElement {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const time = (text: string | null | undefined): string => (text ? formatDateTime(text, zone) : "");
  const problem = h("p", { class: "warning", role: "alert", hidden: true });
  const logOut = (everywhere: boolean): void => {
    api.logOut(everywhere).then(onDone, (error: unknown) => {
      problem.hidden = false;
      problem.textContent = error instanceof api.ApiError ? error.message : t("notice.offline");
    });
  };
  return h("div", { class: "logged-in" },
    h("p", {}, h("strong", {}, known.name ?? ""), ` · ${tValue("role", known.role)}`),
    ...(known.jurisdictions ? [h("p", { class: "hint" }, t("crew.cities", { cities: known.jurisdictions.join(", ") }))] : []),
    h("p", { class: "hint" }, t("crew.until", { time: time(known.expires), unused: time(known.ends_unused) })),
    problem,
    button({ class: "primary" }, [t("crew.log_out")], () => logOut(false)),
    button({ class: "wide" }, [t("crew.log_out.all")], () => logOut(true)));
}

/** Opens the dialog; `onChange` is called when somebody logged in or out. */
export function openCrewDialog(onChange: () => void): void {
  document.getElementById("crew-dialog")?.remove();
  const done = (): void => {
    dialog.close();
    onChange();
  };
  const known = session?.known_by === "session" ? session : null;
  const dialog = h("dialog", { id: "crew-dialog", "aria-labelledby": "crew-title" },
    h("h2", { id: "crew-title" }, t(known ? "crew" : "crew.log_in.title")),
    known ? loggedIn(known, done) : logInForm(done),
    ...(known ? [] : [h("p", { class: "hint" }, t("crew.key.hint"))]),
    button({ class: "close", "aria-label": t("card.close") }, ["×"], () => dialog.close()));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector<HTMLElement>("input[type=password], .primary")?.focus();
}

/** Opens the dialog where the service said that a request needs a key: the session may be over. */
export async function askToLogIn(onChange: () => void): Promise<void> {
  session = await api.session().catch(() => session);
  openCrewDialog(onChange);
}

/** The figure of a person, for the button. */
const person = (): SVGElement => svg("svg", { viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true" },
  svg("circle", { cx: 10, cy: 6.5, r: 3.6, fill: "currentColor" }),
  svg("path", { d: "M3 18c0-4.2 3-6.4 7-6.4s7 2.2 7 6.4z", fill: "currentColor" }));

/**
 * Asks the service who is logged in, and draws the button `#crew` that opens the dialog: where somebody is logged
 * in, or may be. `onChange` is called when somebody logged in or out.
 */
export async function drawCrewButton(onChange: () => void): Promise<void> {
  session = await api.session().catch(() => session);
  const opener = byId("crew");
  const isShown = crew.mayLogIn || session?.known_by === "session";
  opener.hidden = !isShown;
  if (!session || !isShown) return;
  const label = session.name ?? t("crew");
  opener.replaceChildren(person(), h("span", {}, label));
  opener.setAttribute("aria-label", session.name ? t("crew.logged_in_as", { name: session.name }) : t("crew.log_in.title"));
  opener.onclick = () => openCrewDialog(onChange);
}
