// Public interface of the gallery feature.
export { syncSelection, useIsSelecting, useSelection } from "./selection";
export { Gallery } from "./Gallery";
