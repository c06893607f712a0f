// What the application may use of the wall.
export { syncSelection, useIsSelecting, useSelection } from "./selection";
export { resetJobLists } from "./useJobList";
export { Gallery } from "./Gallery";
