// Public interface of the composer feature.
export { Composer } from "./Composer";
export { ExamplePrompts } from "./ExamplePrompts";
export { persistDraft, useComposer } from "./store";
