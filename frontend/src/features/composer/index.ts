// What the application may use of the composer.
export { Composer } from "./Composer";
export { Examples } from "./Examples";
export { useComposer } from "./store";
