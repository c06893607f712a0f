// What the application may use of shared videos.
export { SharedVideoPage } from "./SharedPage";
