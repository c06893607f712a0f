// Public interface of the detail view.
export { VideoDetail } from "./VideoDetail";
