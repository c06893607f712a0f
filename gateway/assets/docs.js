// Shows the API's document with Scalar, which is served from here too: nothing is loaded from elsewhere. The websocket's
// protocol, which OpenAPI cannot express, becomes the text of its section.

/** Links of the guide lead to other files of the repository, which are not served. */
const withoutLinks = (markdown) => markdown.replace(/\[([^\]]*)\]\((?!https?:)[^)]*\)/g, "$1");

async function show() {
  const [document_, protocol] = await Promise.all([
    fetch("/api/openapi.json").then((response) => response.json()),
    fetch("/docs/live.md").then((response) => response.text()),
  ]);
  const live = document_.tags.find(({ name }) => name === "Live");
  live.description = withoutLinks(protocol.replace(/^# .*\n/, ""));
  Scalar.createApiReference("#reference", {
    content: document_,
    theme: "default",
    withDefaultFonts: false,
    telemetry: false,
    hideClientButton: true,
    showDeveloperTools: "never",
    agent: { disabled: true },
    mcp: { disabled: true },
    metaData: { title: "API · Sora Video Generation Platform" },
  });
}

void show();
