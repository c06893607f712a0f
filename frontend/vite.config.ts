// How the page is built and tested. Invariant: nothing is inlined into markup or styles, as the content security policy demands.
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env.BACKEND_URL ?? "http://127.0.0.1:3000";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: {
    // The host is kept as the browser sent it: the gateway compares it with the Origin of unsafe requests.
    proxy: { "/api": { target: backend, changeOrigin: false, ws: true } },
  },
  build: {
    assetsInlineLimit: 0,
    target: "es2023",
    sourcemap: false,
    rolldownOptions: {
      output: {
        // What views share is one file, which outlives most releases in the browser's cache; each view is one more.
        codeSplitting: {
          groups: [
            { name: "libraries", test: /node_modules/ },
            { name: "shared", test: /src\/(lib|components)\// },
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
