// Types of what Vite can import. Invariant: none; declarations only.
/// <reference types="vite/client" />
