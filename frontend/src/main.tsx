// Entry point of the page. Theme and language are set before anything renders.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { QueryClientProvider } from "@tanstack/react-query";
import "@fontsource-variable/hanken-grotesk/wght.css";
import "@/styles/base.css";
import "@/styles/tokens.css";
import { App } from "@/app/App";
import { queryClient } from "@/lib/api/queryClient";
import { setupI18n } from "@/lib/i18n/setup";
import { applyPreferences } from "@/lib/preferences/store";

const root = document.getElementById("root");
if (!root) throw new Error("index.html holds no #root");
applyPreferences();
await setupI18n();
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
