// What the application may use of the composer.
export { Composer } from "./Composer";
export { ExamplePrompts } from "./ExamplePrompts";
export { persistDraft, useComposer } from "./store";
