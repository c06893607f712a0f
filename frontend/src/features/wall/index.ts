// What the application may use of the wall.
export { useIsChoosing, useSelection } from "./selection";
export { resetLibrary } from "./useLibrary";
export { Wall } from "./Wall";
