// The page at /docs: reads the API's document, lists its calls and makes them. Everything that comes from outside is
// shown as text, never as markup.

const byId = (id) => document.getElementById(id);

/** An element with properties and children; strings become text. */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** The document's prose: what stands between backticks is code. */
const prose = (text) => text.split("`").map((part, index) => (index % 2 === 1 ? element("code", {}, part) : part));

/** Follows a reference of the document. */
const resolved = (api, value) =>
  value?.$ref ? value.$ref.slice(2).split("/").reduce((found, key) => found?.[key], api) : value;

function field(parameter) {
  const input = element("input", { name: parameter.name, required: Boolean(parameter.required), autocomplete: "off" });
  input.dataset.place = parameter.in;
  const about = [parameter.in, parameter.description].filter(Boolean).join(": ");
  return element("label", {}, element("span", {}, element("code", {}, parameter.name), " ", ...prose(about)), input);
}

function bodyField(operation) {
  const content = operation.requestBody?.content?.["application/json"];
  if (!content) return [];
  const text = JSON.stringify(content.example ?? {}, null, 2);
  const area = element("textarea", { name: "body", rows: text.split("\n").length + 1, value: text, spellcheck: false });
  return [element("label", {}, "Body, as JSON", area)];
}

function answers(api, operation) {
  const rows = Object.entries(operation.responses).map(([status, answer]) =>
    element("tr", {}, element("td", {}, element("code", {}, status)), element("td", {}, ...prose(resolved(api, answer).description))),
  );
  return element("details", {}, element("summary", {}, "Answers"), element("table", {}, element("tbody", {}, ...rows)));
}

/** The request that a form describes. */
function request(path, method, form) {
  const query = new URLSearchParams();
  const headers = new Headers({ Accept: "application/json" });
  let address = path;
  for (const input of form.querySelectorAll("input")) {
    if (input.dataset.place === "path") address = address.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value && input.dataset.place === "query") query.set(input.name, input.value);
    else if (input.value) headers.set(input.name, input.value);
  }
  const token = byId("token").value.trim();
  if (token) headers.set("Authorization", `Bearer ${token}`);
  const body = form.querySelector("textarea")?.value;
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const asked = query.size ? `${address}?${query}` : address;
  return [asked, { method: method.toUpperCase(), headers, body, credentials: token ? "omit" : "same-origin" }];
}

async function shown(response) {
  const kind = response.headers.get("content-type") ?? "";
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const head = element("pre", {}, `${response.status} ${response.statusText}\n${headers}`);
  if (kind.startsWith("video/")) {
    const source = URL.createObjectURL(await response.blob());
    return [head, element("video", { src: source, controls: true, width: 480 })];
  }
  const text = await response.text();
  if (!text) return [head];
  return [head, element("pre", {}, kind.includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text)];
}

function call(api, path, method, operation) {
  const output = element("div");
  const parameters = (operation.parameters ?? []).map((parameter) => field(resolved(api, parameter)));
  const form = element("form", {}, ...parameters, ...bodyField(operation), element("button", {}, "Send"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    output.replaceChildren("…");
    try {
      output.replaceChildren(...(await shown(await fetch(...request(path, method, form)))));
    } catch (error) {
      output.replaceChildren(element("pre", {}, String(error)));
    }
  });
  const title = element(
    "summary",
    {},
    element("span", { className: "method" }, method.toUpperCase()),
    element("code", {}, path),
    element("span", { className: "summary" }, " — ", ...prose(operation.summary)),
  );
  const about = operation.description ? [element("p", { className: "quiet" }, ...prose(operation.description))] : [];
  return element("details", { id: operation.operationId }, title, ...about, form, output, answers(api, operation));
}

async function start() {
  const response = await fetch("/api/openapi.json");
  if (!response.ok) throw new Error(`/api/openapi.json answered ${response.status}`);
  const api = await response.json();
  byId("title").textContent = api.info.title;
  byId("about").replaceChildren(...prose(api.info.description));
  const calls = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation, name: operation.tags[0] })),
  );
  const about = new Map(api.tags.map(({ name, description }) => [name, description]));
  // In the document's order; a call whose tag it does not explain is listed all the same.
  const names = new Set([...about.keys(), ...calls.map(({ name }) => name)]);
  const sections = [...names].map((name) => {
    const own = calls.filter((one) => one.name === name);
    return element(
      "section",
      {},
      element("h2", {}, name),
      element("p", { className: "quiet" }, ...prose(about.get(name) ?? "")),
      ...own.map(({ path, method, operation }) => call(api, path, method, operation)),
    );
  });
  byId("calls").replaceChildren(...sections);
}

start().catch((error) => byId("calls").replaceChildren(element("pre", {}, String(error))));
