// Tests the addresses for the browser's own requests, at the page's origin and at another one.
import { afterEach, expect, it, vi } from "vitest";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

async function load(apiUrl?: string) {
  vi.stubEnv("VITE_API_URL", apiUrl);
  vi.resetModules();
  return import("./urls");
}

it("addresses the page's own origin by default", async () => {
  const { contentUrl, downloadUrl, socketUrl } = await load();
  expect(contentUrl("a/b")).toBe("/api/videos/a%2Fb/content");
  expect(downloadUrl("1")).toBe("/api/videos/1/content?download=1");
  expect(socketUrl().href).toBe(`${window.location.origin.replace("http", "ws")}/api/ws`);
});

it("addresses VITE_API_URL when it is set", async () => {
  const { exportUrl, posterUrl, socketUrl } = await load("https://api.example.com");
  expect(exportUrl).toBe("https://api.example.com/api/auth/export");
  expect(posterUrl("1")).toBe("https://api.example.com/api/videos/1/poster");
  expect(socketUrl().href).toBe("wss://api.example.com/api/ws");
});
