// Type declarations for what Vite can import.
/// <reference types="vite/client" />
