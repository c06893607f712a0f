// Type declarations for what Vite can import and for the variables of the build.
/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** The API's origin, when it is not the page's own. Checked by vite.config.ts. */
  readonly VITE_API_URL?: string;
}
