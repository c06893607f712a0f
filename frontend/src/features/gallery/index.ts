// Public interface of the gallery feature.
export { syncSelection, useIsSelecting, useSelection } from "./selection";
export { resetJobLists } from "./useJobList";
export { Gallery } from "./Gallery";
