// Public interface of the share feature.
export { SharedVideoPage } from "./SharedPage";
