// What the application may use of the wall.
export { Wall } from "./Wall";
export { resetLibrary } from "./useLibrary";
