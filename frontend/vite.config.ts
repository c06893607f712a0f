// Build and test configuration. Invariant: nothing is inlined into markup or styles, as the content security policy requires.
// VITE_API_URL: origin of the API, such as https://api.example.com; unset when it is the page's own.
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compressAssets } from "./compressAssets";

const backend = process.env.BACKEND_URL ?? "http://127.0.0.1:3000";

const apiUrl = process.env.VITE_API_URL ?? "";
if (apiUrl !== "" && (!URL.canParse(apiUrl) || new URL(apiUrl).origin !== apiUrl || !apiUrl.startsWith("http"))) {
  throw new Error("VITE_API_URL must be an origin without a path, such as https://api.example.com");
}

export default defineConfig({
  plugins: [react(), compressAssets()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: {
    // Keeps the Host header: the gateway compares it with the Origin of unsafe requests.
    proxy: { "/api": { target: backend, changeOrigin: false, ws: true }, "/v1": { target: backend, changeOrigin: false }, "/mcp": { target: backend, changeOrigin: false } },
  },
  build: {
    assetsInlineLimit: 0,
    target: "es2023",
    sourcemap: false,
    rolldownOptions: {
      output: {
        // Code shared by views is in one file, which stays cached across most releases; each view adds one more. What the sign-in page
        // does not need is left to the views that do.
        codeSplitting: {
          groups: [
            { name: "libraries", test: /node_modules\/(?!@radix-ui\/react-toast\/)/ },
            { name: "shared", test: /src\/(lib|components)\/(?!i18n\/zh|ui\/Toaster)/ },
          ],
        },
      },
    },
  },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
  },
});
